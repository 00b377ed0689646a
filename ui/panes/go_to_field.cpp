// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/go_to_field.h"

#include <QAbstractItemView>
#include <QAction>
#include <QCompleter>
#include <QFocusEvent>
#include <QKeyEvent>
#include <QPainter>
#include <algorithm>
#include <utility>

#include "ui/style/icons.h"
#include "ui/style/palette.h"
#include "ui/style/plain_text.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {

GoToField::GoToField(QWidget* parent) : QLineEdit(parent) {
  setPlaceholderText(tr("Go to a model, layer, tensor or command"));
  setAccessibleName(tr("Go to"));
  addAction(paletteIcon(IconName::Search, IconTone::Secondary), LeadingPosition);
  setMinimumWidth(160);
  setTextMargins(0, 0, 56, 0);
  auto* completer = new QCompleter(&names_, this);
  completer->setFilterMode(Qt::MatchContains);
  completer->setCaseSensitivity(Qt::CaseInsensitive);
  completer->setMaxVisibleItems(12);
  setCompleter(completer);
  connect(completer, qOverload<const QString&>(&QCompleter::activated), this,
          [this](const QString& text) { goTo(text); });
  connect(this, &QLineEdit::returnPressed, this, [this] {
    const QString first = this->completer()->currentCompletion();
    goTo(first.isEmpty() ? text() : first);
  });
}

void GoToField::setPlace(const QString& place) {
  place_ = place;
  if (!hasFocus()) showPlace();
}

// The last names say where one is; the model's gives way first.
void GoToField::showPlace() {
  constexpr int kIconAndMargins = 46;
  const int room = width() - textMargins().right() - kIconAndMargins;
  const QString shown = fontMetrics().elidedText(place_, Qt::ElideMiddle, std::max(room, 80));
  setText(shown);
  setCursorPosition(0);
  setToolTip(shown == place_ ? tr("Find a linear or a command by any part of its name")
                             : plainToolTip(place_));
}

void GoToField::resizeEvent(QResizeEvent* event) {
  QLineEdit::resizeEvent(event);
  if (!hasFocus()) showPlace();
}

void GoToField::setTargets(std::vector<Target> targets) {
  targets_ = std::move(targets);
  QStringList names;
  for (const Target& target : targets_) names.append(target.text);
  names_.setStringList(names);
}

void GoToField::goTo(const QString& text) {
  const auto found = std::find_if(targets_.begin(), targets_.end(),
                                  [&](const Target& target) { return target.text == text; });
  if (found == targets_.end()) return;
  const std::function<void()> go = found->go;
  leave();
  go();
}

void GoToField::leave() {
  clearFocus();
  showPlace();
  if (window() != nullptr) window()->setFocus();
}

void GoToField::focusInEvent(QFocusEvent* event) {
  QLineEdit::focusInEvent(event);
  if (event->reason() == Qt::PopupFocusReason) return;
  if (event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason) {
    selectAll();
    return;
  }
  clear();
}

void GoToField::focusOutEvent(QFocusEvent* event) {
  QLineEdit::focusOutEvent(event);
  if (event->reason() == Qt::PopupFocusReason) return;
  showPlace();
}

void GoToField::keyPressEvent(QKeyEvent* event) {
  if (event->key() == Qt::Key_Escape) {
    leave();
    return;
  }
  QLineEdit::keyPressEvent(event);
}

void GoToField::paintEvent(QPaintEvent* event) {
  QLineEdit::paintEvent(event);
  QPainter painter(this);
  painter.setRenderHint(QPainter::Antialiasing);
  const Palette& colours = paletteOf(*this);
  const QFont font = textFont(TextRole::Tick);
  const QString hint = QStringLiteral("Ctrl+K");
  const int wide = QFontMetrics(font).horizontalAdvance(hint) + 10;
  const QRectF box(width() - wide - 6, (height() - 18) / 2.0, wide, 18);
  drawBox(painter, box, 4, colours.sunken);
  painter.setFont(font);
  painter.setPen(colours.secondary);
  painter.drawText(box, Qt::AlignCenter, hint);
}

}  // namespace salient::ui
