// SPDX-License-Identifier: Apache-2.0
// Speed bars of the models under each other: the outline is what the memory could read, the fill
// what was reached, both on one scale. Arrows go from model to model.
#pragma once

#include <vector>

#include "ui/plots/model_tone.h"
#include "ui/plots/plot_widget.h"

namespace salient::ui {

struct SpeedBar {
  ModelTone tone = ModelTone::Fp16;
  QString name;                // "FP16"
  double tokensPerSecond = 0;  // 0: not measured yet
  double limit = 0;            // tokens a second that the read bandwidth allows; 0: unknown
  double firstTokenSeconds = 0;
  QString figure;      // "52.1 tok/s"
  QString firstToken;  // "first token 24 ms"
  QString share;       // "70 % of read limit"
};

class SpeedPlot : public PlotWidget {
  Q_OBJECT

 public:
  explicit SpeedPlot(QWidget* parent = nullptr);

  void setBars(std::vector<SpeedBar> bars);

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
  const SpeedBar* barAtCursor() const;
  QRectF outlineOf(std::size_t bar, double width) const;
  double fastest() const;

  std::vector<SpeedBar> bars_;
};

}  // namespace salient::ui
