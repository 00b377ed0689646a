// SPDX-License-Identifier: Apache-2.0
// The Scale search view: output error over α, RTN as the dashed line at 1, points landing one by
// one, the best ringed, earlier settings as ghosts, names at the right end. A click on a point asks
// to pin its α. Drawn by Qt Charts inside our own frame (see chart_canvas.h).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "ui/plots/axis.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

class ChartCanvas;

enum class PointState { Landed, Skipped };

struct CurvePoint {
  double alpha = 0;
  double loss = 1;  // over RTN's, positive; ignored for skipped points
  PointState state = PointState::Landed;
  QString reason;  // why it was skipped
};

struct Curve {
  QString name;  // "4-bit g64"
  std::vector<CurvePoint> points;
};

class CurvePlot : public PlotWidget {
  Q_OBJECT

 public:
  explicit CurvePlot(QWidget* parent = nullptr);
  ~CurvePlot() override;

  void setData(const Curve& curve);
  void setGhosts(const std::vector<Curve>& ghosts);
  // Index into the points; -1 for none yet. The text stands beside the ring: "best α 0.60".
  void setBest(int index, const QString& text);
  // The α a person pinned; nullopt for automatic.
  void setPinned(std::optional<double> alpha);
  void setReadout(std::function<QString(int point)> readout);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override { return {304, 140}; }
  QSize minimumSizeHint() const override { return {200, 100}; }

 Q_SIGNALS:
  void pointHovered(int point);
  void pinRequested(double alpha);

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;
  std::optional<QPoint> cellAt(const QPointF& position) const override;

 private:
  struct NameTag;

  void fitAxes();
  QPointF place(double alpha, double loss, const QRectF& plot) const;
  void feedCanvas(const QRectF& plot);
  void paintFrame(QPainter& painter, const QRectF& plot);
  void paintMarks(QPainter& painter, const QRectF& plot);
  double crossings(const QRectF& box, const QRectF& plot) const;
  QRectF bestLabelBox(const QPointF& ring, double width, const QRectF& plot) const;
  void paintNames(QPainter& painter, const QRectF& plot);

  std::unique_ptr<ChartCanvas> canvas_;
  Curve curve_;
  std::vector<Curve> ghosts_;
  AxisRange lossAxis_;
  AxisRange alphaAxis_;
  int best_ = -1;
  QString bestText_;
  std::optional<double> pinned_;
  std::function<QString(int)> readout_;
};

}  // namespace salient::ui
