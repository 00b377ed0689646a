// SPDX-License-Identifier: Apache-2.0
#pragma once

// The last row: what the engine is doing, how far it is, how long it takes, what was measured, and
// the machine. Never collapses.

#include <QWidget>

#include "ui/models/session.h"
#include "ui/panes/window_actions.h"

namespace salient::ui {

class CaptionLabel;
class DevicePicker;
class ProgressStrip;

class JobBar : public QWidget {
  Q_OBJECT
 public:
  JobBar(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes);

 protected:
  void resizeEvent(QResizeEvent* event) override;

 private:
  void showMachine();

  Session& session_;
  CaptionLabel* headline_;
  CaptionLabel* activity_;
  ProgressStrip* progress_;
  CaptionLabel* time_;
  CaptionLabel* quality_;
  CaptionLabel* memory_;
  DevicePicker* device_;
};

}  // namespace salient::ui
