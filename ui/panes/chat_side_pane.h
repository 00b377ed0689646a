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
class LimitBar;
class ScaleStrip;

class ChatSidePane : public Pane {
  Q_OBJECT
 public:
  explicit ChatSidePane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes changes) override;
  QWidget* firstStop() override;

 private:
  struct SpeedRow {
    CaptionLabel* name = nullptr;
    LimitBar* bar = nullptr;
    CaptionLabel* foot = nullptr;
  };
  SpeedRow addSpeedRow(Side side);
  void addSampling();
  QDoubleSpinBox* addNumber(const QString& name, double low, double high, double step);
  void showSpeed(Side side, SpeedRow& row, double fastest);
  void showDistance();
  void takeSampling();

  SpeedRow left_, right_;
  QLabel* distanceTitle_;
  CaptionLabel* distanceCaption_;
  ScaleStrip* kl_;
  ScaleStrip* agreement_;
  ScaleStrip* perplexity_;
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
