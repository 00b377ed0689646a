// SPDX-License-Identifier: Apache-2.0
// The one place that knows Qt Charts: lines and bars painted into a rectangle of somebody else's
// picture. Series are fed by replace() (append is quadratic), animations are off, no OpenGL.
// Values are clamped to the axes here, because the SVG writer ignores clip paths.
#pragma once

#include <QColor>
#include <QPen>
#include <QPointF>
#include <QRectF>
#include <memory>
#include <vector>

class QPainter;

namespace salient::ui {

struct ChartLine {
  std::vector<QPointF> points;  // in axis units, x rising
  QPen pen;
};

// Bars as one polygon: heights[i] over [left + i·pitch, + width].
struct ChartBars {
  std::vector<double> heights;
  double left = 0;
  double pitch = 1;
  double width = 1;
  QColor fill;
};

struct ChartAxes {
  double left = 0;
  double right = 1;
  double lower = 0;
  double upper = 1;
};

enum class ChartEdges { Smooth, Crisp };

class ChartCanvas {
 public:
  ChartCanvas();
  ~ChartCanvas();

  void setAxes(const ChartAxes& axes);
  // Later ones lie on top; bars under all lines.
  void setBars(const std::vector<ChartBars>& bars);
  void setLines(const std::vector<ChartLine>& lines);
  void paint(QPainter& painter, const QRectF& plot, ChartEdges edges);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace salient::ui
