// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/command_field.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>

#include "ui/style/accent_button.h"
#include "ui/style/icons.h"
#include "ui/style/typography.h"

namespace salient::ui {

CommandField::CommandField(QWidget* parent) : QLineEdit(parent) {
  setReadOnly(true);
  setMinimumWidth(120);
  setFont(monoFont(TextRole::Caption));
  setControlHeight(*this, 36);
  setAccessibleName(tr("The same as a command"));
  setToolTip(tr("The command line that does the same"));
  QAction* copy = addAction(paletteIcon(IconName::Copy, IconTone::Text), TrailingPosition);
  copy->setText(tr("Copy the command"));
  copy->setToolTip(copy->text());
  connect(copy, &QAction::triggered, this,
          [this] { QGuiApplication::clipboard()->setText(text()); });
}

void CommandField::setCommand(const QString& command) {
  if (text() == command) return;
  setText(command);
  setCursorPosition(0);
}

}  // namespace salient::ui
