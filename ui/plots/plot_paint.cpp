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
