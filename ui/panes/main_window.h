// SPDX-License-Identifier: Apache-2.0
#pragma once

// The window: wiring only. It places the panes in docks, switches between start, pre-flight and
// work, hands every change of the session to the panes that are seen, and keeps the layout.

#include <QMainWindow>
#include <map>

#include "ui/models/recents_model.h"
#include "ui/models/session.h"
#include "ui/panes/header_bar.h"
#include "ui/panes/window_actions.h"
#include "ui/style/theme.h"

class QDockWidget;
class QSettings;
class QSplitter;
class QStackedWidget;

namespace salient::ui {

class ChannelsPane;
class ChatBar;
class ChatPage;
class ChatPane;
class ChatSidePane;
class JobBar;
class KnobsBar;
class LogPane;
class MapPane;
class MeasureBar;
class Pane;
class PreflightPane;
class ScaleSearchPane;
class StartPane;
class StepRatioPane;
class TablePane;
class WeightErrorPane;

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  /// `session` and `settings` must outlive the window.
  MainWindow(Session& session, QSettings& settings, QWidget* parent = nullptr);
  ~MainWindow() override;

  const WindowActions& actions() const { return actions_; }
  WorkLayout workLayout() const { return layout_; }
  void setWorkLayout(WorkLayout layout);
  /// Asks where a run or export goes only when it must.
  void open(const QString& path);
  ChatPane& chatPane() { return *chat_; }
  QSize sizeHint() const override { return {1440, 900}; }

 signals:
  void themeWanted(salient::ui::Theme theme);

 protected:
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dragLeaveEvent(QDragLeaveEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  void closeEvent(QCloseEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;
  bool event(QEvent* event) override;

 private:
  enum class Page { Start, Preflight, Work };

  // main_window_layout.cpp
  void buildPages();
  void buildDocks();
  QDockWidget* addDock(Qt::DockWidgetArea area, Pane& pane, const QString& name);
  void showPage();
  void sizeDocks();
  QString sizesKey() const;
  void keepSizes();
  void restoreLayout();
  void saveLayout();
  void resetLayout();

  // main_window.cpp
  Page page() const;
  void connectActions();
  void connectPanes();
  void refresh(Changes changes);
  void updateActions();
  void fillGoTo();
  void cyclePanes(int step);
  void stepBlock(int step);
  void onRunFinished();
  void remember();
  void rememberOpened();

  // main_window_dialogs.cpp
  void chooseModel();
  void locateModel();
  void chooseExport();
  void chooseTarget();
  void saveReport();
  void exportFocusedView();
  void showShortcuts();
  void showAbout();

  Session& session_;
  QSettings& settings_;
  RecentsModel recents_;
  WindowActions actions_;
  HeaderBar* header_;
  KnobsBar* knobs_;
  ChatBar* chatBar_;
  JobBar* jobBar_;
  QStackedWidget* pages_;
  StartPane* start_;
  PreflightPane* preflight_;
  QWidget* work_;  ///< the measure bar over the views
  MeasureBar* measureBar_;
  QSplitter* views_;
  ChannelsPane* channels_;
  WeightErrorPane* weightError_;
  ChatPage* chatPage_;
  MapPane* map_;
  ScaleSearchPane* scaleSearch_;
  StepRatioPane* stepRatio_;
  ChatPane* chat_;
  ChatSidePane* chatSide_;
  TablePane* table_;
  LogPane* log_;
  std::vector<Pane*> panes_;  // every pane, in tab order
  std::map<Pane*, QDockWidget*> docks_;
  WorkLayout layout_ = WorkLayout::Quantize;
  bool skipPreflight_ = false;
  bool logShown_ = false;
  QString goToModel_;
  QString remembered_;  ///< what was opened last and is among the recents
};

/// Whether `path` looks like something that can be opened; `reason` says why not.
bool canOpen(const QString& path, QString* reason);

}  // namespace salient::ui
