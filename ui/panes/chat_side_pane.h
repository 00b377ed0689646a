// SPDX-License-Identifier: Apache-2.0
#pragma once

// Beside the conversation: speed against what the memory can read, distance to FP16 in perplexity
// and KL, and the sampling of the next answer.

#include "ui/panes/pane.h"

class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QSpinBox;

namespace salient::ui {

class CaptionLabel;
class DistancePlot;
class SpeedPlot;
struct SpeedBar;

class ChatSidePane : public Pane {
  Q_OBJECT
 public:
  explicit ChatSidePane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;

 private:
  void addSampling();
  QDoubleSpinBox* addNumber(const QString& name, double low, double high, double step);
  SpeedBar speedOf(Side side);
  void showSpeed();
  void showDistance();
  void showSampling();
  void takeSampling();

  SpeedPlot* speed_;
  QLabel* distanceTitle_;
  CaptionLabel* distanceCaption_;
  DistancePlot* distance_;
  QDoubleSpinBox* temperature_ = nullptr;
  QDoubleSpinBox* topK_ = nullptr;
  QDoubleSpinBox* topP_ = nullptr;
  QDoubleSpinBox* minP_ = nullptr;
  QDoubleSpinBox* penalty_ = nullptr;
  QDoubleSpinBox* seed_ = nullptr;
  QDoubleSpinBox* newTokens_ = nullptr;
  QPlainTextEdit* system_ = nullptr;
};

}  // namespace salient::ui
