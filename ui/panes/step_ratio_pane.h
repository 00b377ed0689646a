// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Step ratio view: what scaling did to the grid, in three numbers, a histogram and the paper's
// fixed-s table.

#include "ui/panes/pane.h"

class QLabel;
class QStackedWidget;

namespace salient::ui {

class FigureBlock;
class FixedScaleTable;
class HistogramPlot;
class SegmentedControl;

class StepRatioPane : public Pane {
  Q_OBJECT
 public:
  explicit StepRatioPane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;

 private:
  void fill();

  SegmentedControl* mode_;
  FigureBlock* step_;
  FigureBlock* salient_;
  FigureBlock* other_;
  HistogramPlot* plot_;
  QLabel* tableTitle_;
  FixedScaleTable* table_;
};

}  // namespace salient::ui
