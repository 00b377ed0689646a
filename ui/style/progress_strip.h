// SPDX-License-Identifier: Apache-2.0
// The job's progress as a thin accent strip (a QProgressBar underneath, so it is read aloud).
// Paused, it turns grey.
#pragma once

#include <QProgressBar>

namespace salient::ui {

enum class StripState { Running, Paused };

class ProgressStrip : public QProgressBar {
  Q_OBJECT

 public:
  explicit ProgressStrip(QWidget* parent = nullptr);

  void setFraction(double fraction);  // 0 to 1
  void setStripState(StripState state);
  QSize sizeHint() const override { return {240, 4}; }
  QSize minimumSizeHint() const override { return {40, 4}; }

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  StripState state_ = StripState::Running;
};

}  // namespace salient::ui
