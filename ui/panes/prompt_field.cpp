// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/prompt_field.h"

#include <QPainter>

#include "ui/style/accent_button.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {

PromptField::PromptField(QWidget* parent) : QLineEdit(parent) {
  setPlaceholderText(tr("Ask both models something"));
  setAccessibleName(tr("Prompt"));
  setToolTip(tr("One prompt for both models"));
  setControlHeight(*this, metrics::kPageControlHeight);
}

void PromptField::setHint(const QString& hint) {
  hint_ = hint;
  setTextMargins(0, 0, QFontMetrics(textFont(TextRole::Caption)).horizontalAdvance(hint) + 12, 0);
  update();
}

void PromptField::paintEvent(QPaintEvent* event) {
  QLineEdit::paintEvent(event);
  QPainter painter(this);
  painter.setFont(textFont(TextRole::Caption));
  painter.setPen(paletteOf(*this).secondary);
  painter.drawText(rect().adjusted(0, 0, -12, 0), Qt::AlignRight | Qt::AlignVCenter, hint_);
}

}  // namespace salient::ui
