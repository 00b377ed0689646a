// SPDX-License-Identifier: Apache-2.0
#pragma once

// The row above the views when they cannot be fully alive: the statistics of the selected block are
// not in memory (Measure this linear, then progress and Stop), or the model that a reopened run was
// made from was not found (Locate model). Hidden otherwise.

#include <QWidget>

#include "ui/models/session.h"
#include "ui/panes/window_actions.h"

class QPushButton;

namespace salient::ui {

class CaptionLabel;
class ProgressStrip;

class MeasureBar : public QWidget {
  Q_OBJECT
 public:
  MeasureBar(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes);

 protected:
  void paintEvent(QPaintEvent* event) override;

 private:
  void slide(bool shown);

  Session& session_;
  CaptionLabel* sentence_;
  ProgressStrip* progress_;
  QPushButton* measure_;
  QPushButton* stop_;
  QPushButton* locate_;
};

}  // namespace salient::ui
