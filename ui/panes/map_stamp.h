// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model map as small as a stamp: one cell a linear, coloured by how much AWQ cut the error of
// plain rounding. Stands beside the runs and the demo of the start page.

#include <QWidget>
#include <vector>

namespace salient::ui {

/// `cells`: error cut per block and role, NaN (or missing) where nothing is known.
void paintMapStamp(QPainter& painter, const QRectF& box, const std::vector<float>& cells,
                   int blocks, const QWidget& widget);

/// The stamp of the demo model: SmolLM2-135M-Instruct at 4 bits in groups of 64 over the bundled
/// calibration text.
class DemoStamp : public QWidget {
 public:
  explicit DemoStamp(QWidget* parent = nullptr);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  std::vector<float> cells_;
};

}  // namespace salient::ui
