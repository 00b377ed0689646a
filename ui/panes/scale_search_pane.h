// SPDX-License-Identifier: Apache-2.0
#pragma once

// The Scale search view: output error over α for the selected linear, and the knobs of that linear
// alone: α, bits, keep in FP16.

#include "ui/panes/pane.h"

class QCheckBox;

namespace salient::ui {

class CurvePlot;
class PrefixComboBox;

class ScaleSearchPane : public Pane {
  Q_OBJECT
 public:
  explicit ScaleSearchPane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;

 private:
  void fillCurve();
  void fillKnobs();
  void pin(std::optional<double> alpha);
  void setBits(std::optional<int> bits);
  void keepFp16(bool keep);

  CurvePlot* plot_;
  PrefixComboBox* alpha_;
  PrefixComboBox* bits_;
  QCheckBox* keep_;
};

}  // namespace salient::ui
