// SPDX-License-Identifier: Apache-2.0
// Strokes that every plot shares: ticks with words, grid, the crosshair, lines on whole pixels.
#pragma once

#include <QColor>
#include <QRectF>
#include <QString>

class QPainter;

namespace salient::ui {

// A 1 px line that covers exactly one pixel column or row.
void drawVerticalLine(QPainter& painter, double x, double top, double bottom, const QColor& colour);
void drawHorizontalLine(QPainter& painter, double y, double left, double right,
                        const QColor& colour);
// Dashes of on px with off px between, from top down or left to right, cut at the end.
struct Dashes {
  double on = 4;
  double off = 2;
  double width = 1;
};
void drawVerticalDashes(QPainter& painter, double x, double top, double bottom,
                        const Dashes& dashes, const QColor& colour);
void drawHorizontalDashes(QPainter& painter, double y, double left, double right,
                          const Dashes& dashes, const QColor& colour);
// Tick words right-aligned at right, centred on y.
void drawLeftTick(QPainter& painter, double right, double y, const QString& text);
// Tick words centred on x (kept inside [left, right]), top at y.
void drawBottomTick(QPainter& painter, double x, double top, const QString& text, double left,
                    double right);

}  // namespace salient::ui
