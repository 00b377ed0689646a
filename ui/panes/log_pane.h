// SPDX-License-Identifier: Apache-2.0
#pragma once

// The log: what happened, newest at the bottom, in the mono face; copied whole.

#include "ui/panes/pane.h"

class QListView;

namespace salient::ui {

class LogPane : public Pane {
  Q_OBJECT
 public:
  explicit LogPane(Session& session, QWidget* parent = nullptr);

  void refresh(Changes /*changes*/) override {}
  QWidget* firstStop() override;

 private:
  QListView* lines_;
};

}  // namespace salient::ui
