// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/answer_view.h"

#include <QAccessible>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <utility>

#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kEdge = 2;  // the model's line at the left
constexpr double kIndent = 12;
constexpr double kPickGap = 6;

}  // namespace

AnswerView::AnswerView(ModelTone tone, AnswerLook look, QWidget* parent)
    : QWidget(parent), tone_(tone), look_(look) {
  setFont(textFont(look == AnswerLook::Spacious ? TextRole::Answer : TextRole::Body));
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::MinimumExpanding);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

int AnswerView::lineHeight() const {
  const bool room = std::any_of(tokens_.begin(), tokens_.end(), [](const AnswerToken& token) {
    return !token.otherPick.isEmpty();
  });
  const double factor = room ? 2.15 : look_ == AnswerLook::Spacious ? 1.7 : 1.28;
  return static_cast<int>(fontMetrics().height() * factor);
}

void AnswerView::setTokens(std::vector<AnswerToken> tokens) {
  tokens_ = std::move(tokens);
  text_.clear();
  starts_.clear();
  firstDifference_ = -1;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    starts_.push_back(static_cast<int>(text_.size()));
    // Leading space of a first token would indent the answer.
    text_ += i == 0 ? tokens_[i].text.trimmed() : tokens_[i].text;
    if (tokens_[i].differs && firstDifference_ < 0) firstDifference_ = static_cast<int>(i);
  }
  starts_.push_back(static_cast<int>(text_.size()));
  text_.replace(QLatin1Char('\n'), QChar::LineSeparator);
  layout_.reset();
  setAccessibleDescription(text_);
  updateGeometry();
  update();
}

void AnswerView::setPlaceholder(const QString& text) {
  if (placeholder_ == text) return;
  placeholder_ = text;
  layout_.reset();
  update();
}

void AnswerView::setCurrentToken(int token) {
  if (current_ == token) return;
  current_ = token;
  layout_.reset();
  update();
}

QVector<QTextLayout::FormatRange> AnswerView::formats() const {
  const Palette& colours = paletteOf(*this);
  QVector<QTextLayout::FormatRange> ranges;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const bool chosen = static_cast<int>(i) == current_;
    const bool first = static_cast<int>(i) == firstDifference_;
    const bool marked = tokens_[i].differs && (look_ == AnswerLook::Spacious || first);
    if (!marked && !chosen) continue;
    QTextLayout::FormatRange range;
    int start = starts_[i];
    // The space before a word is not part of what is marked.
    while (start < starts_[i + 1] && text_[start].isSpace()) ++start;
    range.start = start;
    range.length = starts_[i + 1] - start;
    if (range.length <= 0) continue;
    if (first || chosen) {
      range.format.setBackground(tone_ == ModelTone::Awq ? colours.awqTint : colours.fp16Tint);
    }
    if (first) range.format.setFontWeight(QFont::DemiBold);
    ranges.append(range);
  }
  return ranges;
}

void AnswerView::layOut(QTextLayout& layout, double width) const {
  const bool empty = text_.isEmpty();
  layout.setText(empty ? placeholder_ : text_);
  layout.setFont(font());
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout.setTextOption(option);
  if (!empty) layout.setFormats(formats());
  layout.beginLayout();
  double y = 0;
  const double step = lineHeight();
  while (true) {
    QTextLine line = layout.createLine();
    if (!line.isValid()) break;
    line.setLineWidth(std::max(40.0, width - kEdge - kIndent));
    line.setPosition({kEdge + kIndent, y + (step - line.height())});
    y += step;
  }
  layout.endLayout();
}

int AnswerView::heightForWidth(int width) const {
  QTextLayout layout;
  layOut(layout, width);
  return std::max(1, layout.lineCount()) * lineHeight() + 4;
}

QSize AnswerView::sizeHint() const {
  return {400, heightForWidth(width() > 50 ? width() : 400)};
}

void AnswerView::resizeEvent(QResizeEvent* event) {
  layout_.reset();
  QWidget::resizeEvent(event);
}

QRectF AnswerView::tokenRect(int token) const {
  if (!layout_ || token < 0 || token + 1 >= static_cast<int>(starts_.size())) return {};
  int start = starts_[static_cast<std::size_t>(token)];
  const int end = starts_[static_cast<std::size_t>(token) + 1];
  while (start < end && text_[start].isSpace()) ++start;
  const QTextLine line = layout_->lineForTextPosition(start);
  if (!line.isValid()) return {};
  const double left = line.cursorToX(start);
  const double right = line.cursorToX(std::min(end, line.textStart() + line.textLength()));
  return {left, line.y(), right - left, line.height()};
}

void AnswerView::paintEvent(QPaintEvent* /*event*/) {
  if (!layout_) {
    layout_ = std::make_unique<QTextLayout>();
    layOut(*layout_, width());
  }
  QPainter painter(this);
  const Palette& colours = paletteOf(*this);
  const QColor tone = toneColor(tone_, colours);
  painter.fillRect(QRectF(0, 0, kEdge, height()), tone);
  const bool muted =
      text_.isEmpty() || (tone_ == ModelTone::Awq && lineHeight() > 2 * fontMetrics().height());
  painter.setPen(muted ? colours.secondary : colours.text);
  layout_->draw(&painter, {0, 0});
  double row = -1;
  double taken = 0;  // how far the picks above this row reach
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const AnswerToken& token = tokens_[i];
    const bool first = static_cast<int>(i) == firstDifference_;
    const bool underlined = first || (look_ == AnswerLook::Spacious && token.differs);
    if (!underlined) continue;
    const QRectF box = tokenRect(static_cast<int>(i));
    painter.fillRect(QRectF(box.left(), box.bottom() + 1, box.width(), 2), tone);
    if (token.otherPick.isEmpty()) continue;
    painter.save();
    painter.setFont(textFont(TextRole::Caption, Weight::Strong));
    painter.setPen(tone);
    const double wide = QFontMetricsF(painter.font()).horizontalAdvance(token.otherPick);
    if (box.top() != row) taken = 0;
    row = box.top();
    const double left = std::min(std::max(box.left(), taken), width() - wide);
    if (left >= taken) painter.drawText(QPointF(left, box.top() - 3), token.otherPick);
    taken = left + wide + kPickGap;
    painter.restore();
  }
}

int AnswerView::tokenAt(const QPointF& position) const {
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokenRect(static_cast<int>(i)).adjusted(-1, -4, 2, 4).contains(position)) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

void AnswerView::mouseMoveEvent(QMouseEvent* event) {
  emit tokenHovered(tokenAt(event->position()));
}

void AnswerView::mousePressEvent(QMouseEvent* event) {
  const int token = tokenAt(event->position());
  if (token >= 0) emit tokenSelected(token);
}

void AnswerView::leaveEvent(QEvent* event) {
  emit tokenHovered(-1);
  QWidget::leaveEvent(event);
}

void AnswerView::keyPressEvent(QKeyEvent* event) {
  const int last = static_cast<int>(tokens_.size()) - 1;
  const bool right = event->key() == Qt::Key_Right;
  if ((!right && event->key() != Qt::Key_Left) || last < 0) {
    QWidget::keyPressEvent(event);
    return;
  }
  emit tokenSelected(std::clamp(current_ + (right ? 1 : -1), 0, last));
}

void AnswerView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
    layout_.reset();
  }
  QWidget::changeEvent(event);
}

}  // namespace salient::ui
