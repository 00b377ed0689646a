// SPDX-License-Identifier: Apache-2.0
// How far from FP16: a short axis per measure (perplexity, KL, agreement) with a dot for each
// model. Words above the dots move apart rather than overlap. Arrows go from dot to dot (left and
// right) and from measure to measure.
#pragma once

#include <vector>

#include "ui/plots/axis.h"
#include "ui/plots/model_tone.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

struct DistanceMark {
  ModelTone tone = ModelTone::Fp16;
  QString name;  // "AWQ"
  double value = 0;
  QString figure;  // "0.166"
};

struct DistanceStrip {
  QString title;  // "KL divergence"
  QString hint;   // "lower is better"
  std::vector<DistanceMark> marks;
};

class DistancePlot : public PlotWidget {
  Q_OBJECT

 public:
  explicit DistancePlot(QWidget* parent = nullptr);

  // Each axis grows to round values around its marks; a strip without marks is left out.
  void setStrips(std::vector<DistanceStrip> strips);

  QString readoutText() const override;
  double cursorValue() const override;
  QSize cellCount() const override;
  QString csv() const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {160, sizeHint().height()}; }

 protected:
  void paintPlot(QPainter& painter, const QSizeF& size) override;
  void paintCursor(QPainter& painter) override;
  QRectF plotArea(const QSizeF& size) const override;
  std::optional<QPoint> cellAt(const QPointF& position) const override;

 private:
  struct Axis {
    AxisRange range;
    std::vector<double> ticks;
  };
  static Axis axisOf(const std::vector<DistanceMark>& marks);
  const DistanceMark* markAt(const std::optional<QPoint>& cell) const;
  QPointF dotOf(std::size_t strip, std::size_t mark, double width) const;
  void paintStrip(QPainter& painter, std::size_t strip, double width) const;
  void paintMarks(QPainter& painter, std::size_t strip, double width) const;

  std::vector<DistanceStrip> strips_;
  std::vector<Axis> axes_;
};

}  // namespace salient::ui
