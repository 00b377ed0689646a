// SPDX-License-Identifier: Apache-2.0
// What an AnswerView looks like: only the lines that are asked for are drawn.
#include <QPaintEvent>
#include <QPainter>
#include <algorithm>

#include "ui/plots/answer_view.h"
#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/style_painting.h"
#include "ui/style/typography.h"

namespace salient::ui {
namespace {

constexpr double kEdge = 2;
constexpr double kPickGap = 6;
/// Of the peak KL: below it a place where both pick the same is not worth a line.
constexpr double kDoubtful = 0.4;

}  // namespace

/// The quantized side of lock-step repeats what FP16 wrote: only its own picks stand out.
bool AnswerView::isMuted() const {
  return text_.isEmpty() || (tone_ == ModelTone::Awq && room_ == LineRoom::Picks);
}

void AnswerView::paintGrounds(QPainter& painter) const {
  const Palette& colours = paletteOf(*this);
  const QColor& tint = tone_ == ModelTone::Awq ? colours.awqTint : colours.fp16Tint;
  for (const int token : {firstDifference_, current_}) {
    const QRectF box = tokenRect(token);
    if (!box.isEmpty()) drawBox(painter, box.adjusted(-2, -1, 2, 1), 3, tint);
  }
}

void AnswerView::paintPick(QPainter& painter, const AnswerToken& token, const QRectF& box,
                           double& taken) const {
  painter.save();
  painter.setFont(textFont(TextRole::Caption, Weight::Strong));
  painter.setPen(toneColor(tone_, paletteOf(*this)));
  const double wide = QFontMetricsF(painter.font()).horizontalAdvance(token.otherPick);
  const double left = std::min(std::max(box.left(), taken), width() - wide);
  // A crowded line keeps its first picks; the others are in the readout and in the ribbon.
  if (left >= taken) {
    painter.drawText(QPointF(left, box.top() - 3), token.otherPick);
    taken = left + wide + kPickGap;
  }
  painter.restore();
}

void AnswerView::paintMarks(QPainter& painter, int firstToken, int lastToken) const {
  const Palette& colours = paletteOf(*this);
  double row = -1;
  double taken = 0;  // how far the picks above this row reach
  for (int i = std::max(0, firstToken); i <= lastToken; ++i) {
    const AnswerToken& token = tokens_[static_cast<std::size_t>(i)];
    const bool spacious = look_ == AnswerLook::Spacious;
    const bool parts = i == firstDifference_ || (spacious && token.differs);
    const bool doubtful = isMuted() && token.doubt >= kDoubtful;
    if (!parts && !doubtful) continue;
    const QRectF box = tokenRect(i);
    if (box.isEmpty()) continue;
    const QColor& line = parts ? toneColor(tone_, colours) : colours.awqMid;
    painter.fillRect(QRectF(box.left(), box.bottom() + 1, box.width(), 2), line);
    if (token.otherPick.isEmpty()) continue;
    if (box.top() != row) taken = 0;
    row = box.top();
    paintPick(painter, token, box, taken);
  }
}

void AnswerView::paintEvent(QPaintEvent* event) {
  layOut(width());
  QPainter painter(this);
  const Palette& colours = paletteOf(*this);
  painter.fillRect(QRectF(0, 0, kEdge, height()), toneColor(tone_, colours));
  painter.setRenderHint(QPainter::Antialiasing);
  paintGrounds(painter);
  painter.setPen(isMuted() ? colours.secondary : colours.text);
  const int first = std::max(0, event->rect().top() / lineHeight());
  const int last = std::min(lineCount() - 1, event->rect().bottom() / lineHeight() + 1);
  int from = -1;
  int to = -1;
  for (int row = first; row <= last; ++row) {
    const Block* block = blockOfLine(row);
    if (block == nullptr) break;
    const QTextLine line = block->layout->lineAt(row - block->firstLine);
    line.draw(&painter, {0, 0});
    if (from < 0) from = block->start + line.textStart();
    to = block->start + line.textStart() + line.textLength();
  }
  if (from < 0 || text_.isEmpty()) return;
  const int count = static_cast<int>(tokens_.size());
  paintMarks(painter, tokenOf(from), std::min(count - 1, tokenOf(to)));
}

}  // namespace salient::ui
