// SPDX-License-Identifier: Apache-2.0
#pragma once

// The second row of the Chat layout, in the place of the knobs: who answers, how the two run, copy
// and answer again.

#include <QWidget>

#include "ui/models/session.h"
#include "ui/panes/window_actions.h"

class QPushButton;

namespace salient::ui {

class CaptionLabel;
class SegmentedControl;

class ChatBar : public QWidget {
  Q_OBJECT
 public:
  ChatBar(Session& session, const WindowActions& actions, QWidget* parent = nullptr);

  void refresh(Changes changes);

 private:
  Session& session_;
  CaptionLabel* sides_;
  SegmentedControl* mode_;
  CaptionLabel* meaning_;
  QPushButton* clear_;
  QPushButton* copy_;
  QPushButton* again_;
};

}  // namespace salient::ui
