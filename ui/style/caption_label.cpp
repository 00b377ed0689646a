// SPDX-License-Identifier: Apache-2.0
#include "ui/style/caption_label.h"

#include <QEvent>
#include <QFontMetricsF>
#include <QPainter>
#include <cmath>

#include "ui/style/metrics.h"
#include "ui/style/palette.h"
#include "ui/style/typography.h"

namespace salient::ui {

// A stretch of text that is not broken across lines, of one weight.
struct CaptionLabel::Word {
  QString text;
  Weight weight = Weight::Regular;
  double width = 0;
  int spacesBefore = 0;
};

QString withoutMarks(const QString& markedText) {
  QString plain = markedText;
  return plain.remove(QStringLiteral("**"));
}

CaptionLabel::CaptionLabel(const QString& markedText, QWidget* parent) : QWidget(parent) {
  setFont(textFont(TextRole::Caption));
  QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
  policy.setHeightForWidth(true);
  setSizePolicy(policy);
  setText(markedText);
}

void CaptionLabel::setText(const QString& markedText) {
  if (markedText == marked_ && !marked_.isEmpty()) return;
  marked_ = markedText;
  setAccessibleName(plainText());
  updateGeometry();
  update();
}

QString CaptionLabel::plainText() const {
  return withoutMarks(marked_);
}

void CaptionLabel::setAlignment(Qt::Alignment alignment) {
  alignment_ = alignment;
  update();
}

void CaptionLabel::setWordWrap(bool wrap) {
  wrap_ = wrap;
  updateGeometry();
}

int CaptionLabel::lineHeight() const {
  const double natural = QFontMetricsF(font()).height();
  return std::max(metrics::kCaptionLine, static_cast<int>(std::ceil(natural)));
}

std::vector<std::vector<CaptionLabel::Word>> CaptionLabel::wordLines(double width) const {
  const QFont regular = font();
  QFont strong = regular;
  strong.setWeight(QFont::DemiBold);
  const double space = QFontMetricsF(regular).horizontalAdvance(QLatin1Char(' '));
  std::vector<std::vector<Word>> lines(1);
  double x = 0;
  bool bold = false;
  const QStringList parts = marked_.split(QStringLiteral("**"));
  int pendingSpaces = 0;
  for (const QString& part : parts) {
    const QStringList pieces = part.split(QLatin1Char(' '));
    for (qsizetype i = 0; i < pieces.size(); ++i) {
      if (i > 0) ++pendingSpaces;
      const QStringList rows = pieces[i].split(QLatin1Char('\n'));
      for (qsizetype row = 0; row < rows.size(); ++row) {
        const bool breaks = row > 0;
        if (!breaks && rows[row].isEmpty()) continue;
        const QFont& face = bold ? strong : regular;
        Word word{rows[row], bold ? Weight::Strong : Weight::Regular, figuresWidth(face, rows[row]),
                  breaks ? 0 : pendingSpaces};
        const double needed = word.spacesBefore * space + word.width;
        if (breaks || (wrap_ && pendingSpaces > 0 && x > 0 && x + needed > width)) {
          lines.emplace_back();
          x = 0;
          word.spacesBefore = 0;
        }
        x += word.spacesBefore * space + word.width;
        lines.back().push_back(std::move(word));
        pendingSpaces = 0;
      }
    }
    bold = !bold;
  }
  return lines;
}

int CaptionLabel::heightForWidth(int width) const {
  return static_cast<int>(wordLines(width).size()) * lineHeight();
}

QSize CaptionLabel::sizeHint() const {
  double width = 0;
  const double space = QFontMetricsF(font()).horizontalAdvance(QLatin1Char(' '));
  const auto lines = wordLines(1e9);
  for (const Word& word : lines.front()) {
    width += word.width + word.spacesBefore * space;
  }
  return {static_cast<int>(std::ceil(width)) + 1, lineHeight()};
}

QSize CaptionLabel::minimumSizeHint() const {
  return {wrap_ ? 60 : 0, lineHeight()};
}

void CaptionLabel::paintEvent(QPaintEvent*) {
  const Palette& p = paletteOf(*this);
  QPainter painter(this);
  const QFont regular = font();
  QFont strong = regular;
  strong.setWeight(QFont::DemiBold);
  const QFontMetricsF face(regular);
  const double space = face.horizontalAdvance(QLatin1Char(' '));
  // A single line stands in the middle of its bar, sentences start at the top.
  const double row = wrap_ ? lineHeight() : height();
  double baseline = (row + face.ascent() - face.descent()) / 2;
  for (const std::vector<Word>& line : wordLines(width())) {
    double lineWidth = 0;
    for (const Word& word : line) lineWidth += word.width + word.spacesBefore * space;
    double x = alignment_ & Qt::AlignRight ? width() - lineWidth : 0;
    for (const Word& word : line) {
      x += word.spacesBefore * space;
      const bool bold = word.weight == Weight::Strong;
      painter.setFont(bold ? strong : regular);
      painter.setPen(!isEnabled() ? p.disabled : bold ? p.text : p.secondary);
      drawFigures(painter, QPointF(x, baseline), word.text);
      x += word.width;
    }
    baseline += lineHeight();
  }
}

void CaptionLabel::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange) updateGeometry();
  QWidget::changeEvent(event);
}

}  // namespace salient::ui
