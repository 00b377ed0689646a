// SPDX-License-Identifier: Apache-2.0
#include "ui/style/elided_label.h"

#include "ui/style/plain_text.h"

namespace salient::ui {
namespace {

constexpr qsizetype kFewest = 8;

}  // namespace

ElidedLabel::ElidedLabel(const QFont& font, QWidget* parent) : QLabel(parent) {
  setTextFormat(Qt::PlainText);
  setFont(font);
}

void ElidedLabel::setWords(const QString& text) {
  if (text == words_) return;
  words_ = text;
  setAccessibleName(text);
  updateGeometry();
  fit();
}

QSize ElidedLabel::sizeHint() const {
  return {fontMetrics().horizontalAdvance(words_) + 1, fontMetrics().height()};
}

QSize ElidedLabel::minimumSizeHint() const {
  return {std::min(sizeHint().width(), 60), fontMetrics().height()};
}

void ElidedLabel::fit() {
  QString shown = fontMetrics().elidedText(words_, Qt::ElideMiddle, width());
  // A few letters around an ellipsis say nothing.
  if (shown != words_ && shown.size() < kFewest) shown.clear();
  setText(shown);
  setToolTip(shown == words_ ? QString() : plainToolTip(words_));
}

void ElidedLabel::resizeEvent(QResizeEvent* event) {
  QLabel::resizeEvent(event);
  fit();
}

}  // namespace salient::ui
