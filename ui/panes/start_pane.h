// SPDX-License-Identifier: Apache-2.0
#pragma once

// The empty window: where to drop a model, what was opened lately, what other programs have already
// downloaded, and a demo for those who have none.

#include <QScrollArea>

#include "ui/models/recents_model.h"
#include "ui/models/session.h"
#include "ui/panes/window_actions.h"

class QLabel;
class QTableView;
class QVBoxLayout;

namespace salient::ui {

class DropZone;

class StartPane : public QScrollArea {
  Q_OBJECT
 public:
  StartPane(Session& session, RecentsModel& recents, const WindowActions& actions,
            QWidget* parent = nullptr);

  void refresh(Changes changes);
  QWidget* firstStop();
  DropZone& dropZone() { return *drop_; }

 signals:
  void chosen(const QString& path);
  void resumeWanted(const salient::ui::RecentEntry& entry, bool start);

 private:
  QWidget* leftColumn(const WindowActions& actions);
  QWidget* rightColumn();
  void addDemo(QVBoxLayout& rows);
  void addSteps(QVBoxLayout& rows);
  void fillRecents();

  Session& session_;
  RecentsModel& recents_;
  DropZone* drop_;
  QLabel* cacheTitle_;
  QLabel* cacheHint_;
  QTableView* cache_;
  QVBoxLayout* recentRows_;
};

}  // namespace salient::ui
