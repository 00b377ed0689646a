// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Weight error view: where rounding hurts, weight by weight, before and after AWQ.

#include "ui/panes/pane.h"

namespace salient::ui {

class HeatmapWidget;
class SegmentedControl;
class SpectrumPlot;

class WeightErrorPane : public Pane {
  Q_OBJECT
 public:
  explicit WeightErrorPane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;
  /// Shares the channel axis: order, zoom and salient channels.
  void follow(const SpectrumPlot& spectrum);
  HeatmapWidget& plot() { return *map_; }

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void fill();

  HeatmapWidget* map_;
  SegmentedControl* view_;
  std::shared_ptr<const StudyPlanes> planes_;
  std::shared_ptr<const std::vector<int>> order_;
  std::vector<int> salient_;
};

}  // namespace salient::ui
