// SPDX-License-Identifier: Apache-2.0
// The Step ratio view: (Δ′/Δ)/s of salient weights against the others on a log axis, both peaks
// drawn equal, 1/s predicted (dotted) and RTN at 1 (dashed). Bars by Qt Charts (chart_canvas.h).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "ui/plots/axis.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

class ChartCanvas;

struct HistogramData {
  std::vector<double> edges;    // bins + 1, rising, positive, evenly spaced in log
  std::vector<double> salient;  // count per bin
  std::vector<double> others;
  std::optional<double> predicted;  // 1/s
  QString quantity;                 // "(Δ′/Δ)/s"
};

class HistogramPlot : public PlotWidget {
  Q_OBJECT

 public:
  explicit HistogramPlot(QWidget* parent = nullptr);
  ~HistogramPlot() override;

  void setData(const HistogramData& histogram);
  void setReadout(std::function<QString(int bin)> readout);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override { return {304, 92}; }
  QSize minimumSizeHint() const override { return {200, 56}; }

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;

 private:
  int bins() const { return static_cast<int>(data_.salient.size()); }
  double xOfValue(double value, const QRectF& plot) const;
  void paintAxis(QPainter& painter, const QRectF& plot);
  void paintMarks(QPainter& painter, const QRectF& plot);
  double salientNameEnd(const QRectF& plot) const;
  void paintNames(QPainter& painter, const QRectF& plot);

  std::unique_ptr<ChartCanvas> canvas_;
  HistogramData data_;
  AxisRange axis_{0.1, 10, AxisScale::Log};
  std::function<QString(int)> readout_;
};

}  // namespace salient::ui
