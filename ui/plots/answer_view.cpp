// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/answer_view.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <algorithm>
#include <cmath>
#include <utility>

#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kEdge = 2;  // the model's line at the left
constexpr double kIndent = 12;
/// A block is cut behind this many characters, at the end of a line.
constexpr int kBlock = 800;

bool sameText(const AnswerToken& left, const AnswerToken& right) {
  return left.text == right.text && left.differs == right.differs &&
         left.otherPick == right.otherPick;
}

/// A leading space or line end of the first token would indent the answer.
QString withoutLeadingSpace(const QString& text) {
  qsizetype from = 0;
  while (from < text.size() && text[from].isSpace()) ++from;
  return text.mid(from);
}

int firstDifferenceOf(const std::vector<AnswerToken>& tokens) {
  const auto first = std::find_if(tokens.begin(), tokens.end(),
                                  [](const AnswerToken& token) { return token.differs; });
  return first == tokens.end() ? -1 : static_cast<int>(first - tokens.begin());
}

}  // namespace

AnswerView::AnswerView(ModelTone tone, AnswerLook look, QWidget* parent)
    : QWidget(parent), tone_(tone), look_(look), starts_{0} {
  setFont(textFont(look == AnswerLook::Spacious ? TextRole::Answer : TextRole::Body));
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::MinimumExpanding);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
}

int AnswerView::lineHeight() const {
  const bool spacious = look_ == AnswerLook::Spacious;
  const double factor = room_ == LineRoom::Picks ? 2.15 : spacious ? 1.7 : 1.28;
  return static_cast<int>(fontMetrics().height() * factor);
}

void AnswerView::setTokens(std::vector<AnswerToken> tokens) {
  const std::size_t both = std::min(tokens.size(), tokens_.size());
  std::size_t kept = 0;
  while (kept < both && sameText(tokens[kept], tokens_[kept])) ++kept;
  const bool same = kept == tokens.size() && kept == tokens_.size();
  const int first = firstDifferenceOf(tokens);
  tokens_ = std::move(tokens);
  update();
  if (same) return;
  if (first != firstDifference_) {
    // Its bold letters are wider: the lines from there on change.
    for (const int changed : {first, std::exchange(firstDifference_, first)}) {
      if (changed >= 0) kept = std::min(kept, static_cast<std::size_t>(changed));
    }
  }
  if (text_.isEmpty()) kept = 0;
  starts_.resize(kept + 1);
  text_.truncate(starts_.back());
  forgetFrom(starts_.back());
  for (std::size_t i = kept; i < tokens_.size(); ++i) {
    text_ += text_.isEmpty() ? withoutLeadingSpace(tokens_[i].text) : tokens_[i].text;
    starts_.push_back(static_cast<int>(text_.size()));
  }
  setAccessibleDescription(text_);
  updateGeometry();
}

void AnswerView::setLineRoom(LineRoom room) {
  if (room_ == room) return;
  room_ = room;
  forgetFrom(0);
  updateGeometry();
}

void AnswerView::setPlaceholder(const QString& text) {
  if (placeholder_ == text) return;
  placeholder_ = text;
  if (!text_.isEmpty()) return;
  setAccessibleDescription(text);
  forgetFrom(0);
  updateGeometry();
}

void AnswerView::setCurrentToken(int token) {
  if (current_ == token) return;
  current_ = token;
  update();
}

QVector<QTextLayout::FormatRange> AnswerView::formats(int start, int end) const {
  QVector<QTextLayout::FormatRange> ranges;
  if (text_.isEmpty()) return ranges;
  const Palette& colours = paletteOf(*this);
  for (int token = tokenOf(start); token < static_cast<int>(tokens_.size()); ++token) {
    const auto i = static_cast<std::size_t>(token);
    if (starts_[i] >= end) break;
    const bool first = token == firstDifference_;
    if (!tokens_[i].differs || (look_ == AnswerLook::Compact && !first)) continue;
    QTextLayout::FormatRange range;
    range.start = std::max(starts_[i], start) - start;
    range.length = std::min(starts_[i + 1], end) - start - range.start;
    range.format.setForeground(colours.text);
    if (first) range.format.setFontWeight(QFont::DemiBold);
    if (range.length > 0) ranges.append(range);
  }
  return ranges;
}

AnswerView::Block AnswerView::layOutBlock(int start, int firstLine) const {
  const QString& text = shownText();
  const auto found = text.indexOf(QLatin1Char('\n'), start);
  const int end = static_cast<int>(found < 0 ? text.size() : found);
  const int taken = std::min(end - start, kBlock);
  Block block{start, end - start + 1, firstLine, 0, std::make_unique<QTextLayout>()};
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  const QStringView paragraph = QStringView(text).mid(start, end - start);
  option.setTextDirection(paragraph.isRightToLeft() ? Qt::RightToLeft : Qt::LeftToRight);
  block.layout->setTextOption(option);
  block.layout->setFont(font());
  block.layout->setText(text.mid(start, taken));
  block.layout->setFormats(formats(start, start + taken));
  block.layout->beginLayout();
  const double step = lineHeight();
  while (true) {
    QTextLine line = block.layout->createLine();
    if (!line.isValid()) break;
    line.setLineWidth(std::max(40.0, laidOutWidth_ - kEdge - kIndent));
    const double top = (firstLine + block.lines) * step;
    line.setPosition({kEdge + kIndent, top + (step - line.height())});
    ++block.lines;
  }
  block.layout->endLayout();
  linesLaidOut_ += block.lines;
  if (start + taken < end) {
    // Where the last line ends is not known: the next block starts with it.
    if (block.lines > 1) --block.lines;
    const QTextLine last = block.layout->lineAt(block.lines - 1);
    block.length = last.textStart() + last.textLength();
  }
  return block;
}

int AnswerView::shownEnd() const {
  const QString& text = shownText();
  auto end = static_cast<int>(text.size());
  while (end > 0 && text[end - 1].isSpace()) --end;
  return end;
}

void AnswerView::layOut(double width) const {
  if (width != laidOutWidth_) blocks_.clear();
  laidOutWidth_ = width;
  int start = blocks_.empty() ? 0 : blocks_.back().start + blocks_.back().length;
  const int end = shownEnd();
  while (start < end) {
    blocks_.push_back(layOutBlock(start, lineCount()));
    start = blocks_.back().start + blocks_.back().length;
  }
}

void AnswerView::forgetFrom(int position) {
  // The last block reaches one past the text: what follows belongs to its last line.
  while (!blocks_.empty() && blocks_.back().start + blocks_.back().length >= position) {
    blocks_.pop_back();
  }
  update();
}

int AnswerView::lineCount() const {
  return blocks_.empty() ? 0 : blocks_.back().firstLine + blocks_.back().lines;
}

const AnswerView::Block* AnswerView::blockAt(int position) const {
  auto after = std::upper_bound(blocks_.begin(), blocks_.end(), position,
                                [](int at, const Block& block) { return at < block.start; });
  return after == blocks_.begin() ? nullptr : &*std::prev(after);
}

const AnswerView::Block* AnswerView::blockOfLine(int line) const {
  auto after = std::upper_bound(blocks_.begin(), blocks_.end(), line,
                                [](int at, const Block& block) { return at < block.firstLine; });
  return after == blocks_.begin() ? nullptr : &*std::prev(after);
}

int AnswerView::heightForWidth(int width) const {
  layOut(width);
  return std::max(1, lineCount()) * lineHeight() + 4;
}

QSize AnswerView::sizeHint() const {
  return {400, heightForWidth(width() > 50 ? width() : 400)};
}

QRectF AnswerView::tokenRect(int token) const {
  if (token < 0 || token >= static_cast<int>(tokens_.size())) return {};
  layOut(width());
  int start = starts_[static_cast<std::size_t>(token)];
  const int end = starts_[static_cast<std::size_t>(token) + 1];
  // The space before a word is not part of what is marked.
  while (start < end && text_[start].isSpace()) ++start;
  const Block* block = blockAt(start);
  if (block == nullptr || start >= text_.size()) return {};
  const QTextLine line = block->layout->lineForTextPosition(start - block->start);
  if (!line.isValid()) return {};
  const int lineEnd = line.textStart() + line.textLength();
  const double left = line.cursorToX(start - block->start);
  const double right = line.cursorToX(std::min(end - block->start, lineEnd));
  return QRectF(QPointF(left, line.y()), QPointF(right, line.y() + line.height())).normalized();
}

int AnswerView::tokenOf(int position) const {
  const auto after = std::upper_bound(starts_.begin(), starts_.end(), position);
  return static_cast<int>(after - starts_.begin()) - 1;
}

int AnswerView::tokenAt(const QPointF& position) const {
  if (text_.isEmpty()) return -1;
  layOut(width());
  const int row = static_cast<int>(std::floor(position.y() / lineHeight()));
  const Block* block = blockOfLine(row);
  if (row < 0 || block == nullptr || row >= block->firstLine + block->lines) return -1;
  const QTextLine line = block->layout->lineAt(row - block->firstLine);
  const int at = line.xToCursor(position.x(), QTextLine::CursorOnCharacter);
  const int token = tokenOf(block->start + at);
  return tokenRect(token).adjusted(-1, -lineHeight(), 2, 4).contains(position) ? token : -1;
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

void AnswerView::focusInEvent(QFocusEvent* event) {
  QWidget::focusInEvent(event);
  emit focused();
}

void AnswerView::changeEvent(QEvent* event) {
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) forgetFrom(0);
  QWidget::changeEvent(event);
}

}  // namespace salient::ui
