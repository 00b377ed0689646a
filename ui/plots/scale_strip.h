// SPDX-License-Identifier: Apache-2.0
// Dots on one short axis: where FP16, RTN and AWQ stand in perplexity, KL or agreement. Words
// above the dots move apart rather than overlap.
#pragma once

#include <QWidget>
#include <vector>

#include "ui/plots/axis.h"
#include "ui/plots/model_tone.h"

namespace salient::ui {

struct StripMark {
  ModelTone tone = ModelTone::Fp16;
  double value = 0;
  QString text;  // "AWQ 0.166"
};

class ScaleStrip : public QWidget {
  Q_OBJECT

 public:
  explicit ScaleStrip(const QString& title, const QString& hint, QWidget* parent = nullptr);

  // The axis grows to round values around the marks.
  void setMarks(std::vector<StripMark> marks);
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {160, sizeHint().height()}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void paintMarks(QPainter& painter, double y);

  QString title_;
  QString hint_;  // "lower is better"
  std::vector<StripMark> marks_;
  AxisRange axis_;
  std::vector<double> ticks_;
};

}  // namespace salient::ui
