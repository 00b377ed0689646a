// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/plot_paint.h"

#include <QFontMetricsF>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/style/typography.h"

namespace salient::ui {

void drawVerticalLine(QPainter& painter, double x, double top, double bottom,
                      const QColor& colour) {
  painter.fillRect(QRectF(std::floor(x), top, 1, bottom - top), colour);
}

void drawHorizontalLine(QPainter& painter, double y, double left, double right,
                        const QColor& colour) {
  painter.fillRect(QRectF(left, std::floor(y), right - left, 1), colour);
}

void drawVerticalDashes(QPainter& painter, double x, double top, double bottom,
                        const Dashes& dashes, const QColor& colour) {
  const int count = static_cast<int>(std::ceil((bottom - top) / (dashes.on + dashes.off)));
  for (int i = 0; i < count; ++i) {
    const double from = top + i * (dashes.on + dashes.off);
    painter.fillRect(
        QRectF(x - dashes.width / 2, from, dashes.width, std::min(dashes.on, bottom - from)),
        colour);
  }
}

void drawHorizontalDashes(QPainter& painter, double y, double left, double right,
                          const Dashes& dashes, const QColor& colour) {
  const int count = static_cast<int>(std::ceil((right - left) / (dashes.on + dashes.off)));
  for (int i = 0; i < count; ++i) {
    const double from = left + i * (dashes.on + dashes.off);
    painter.fillRect(QRectF(from, y, std::min(dashes.on, right - from), dashes.width), colour);
  }
}

void drawLeftTick(QPainter& painter, double right, double y, const QString& text) {
  drawFigures(painter, QRectF(right - 200, y - 10, 200, 20), Qt::AlignRight | Qt::AlignVCenter,
              text);
}

void drawBottomTick(QPainter& painter, double x, double top, const QString& text, double left,
                    double right) {
  const double width = figuresWidth(painter.font(), text);
  const double from = std::clamp(x - width / 2, left, std::max(left, right - width));
  drawFigures(painter, QPointF(from, top + QFontMetricsF(painter.font()).ascent()), text);
}

}  // namespace salient::ui
