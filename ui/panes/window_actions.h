// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every command of the window with its name and shortcut, in one table: menus, buttons, the go-to
// field and the shortcut list all read it, so a key cannot be given twice unseen.

#include <QAction>
#include <map>
#include <vector>

namespace salient::ui {

enum class Command {
  Open,
  CloseModel,
  Export,
  ExportView,
  SaveReport,
  Quit,
  Undo,
  Redo,
  CopyCommand,
  LayoutQuantize,
  LayoutInspect,
  LayoutChat,
  ResetLayout,
  ToggleTheme,
  ToggleLog,
  NextPane,
  PreviousPane,
  NextBlock,
  PreviousBlock,
  GoTo,
  Quantize,
  PauseResume,
  Cancel,
  Evaluate,
  MeasureLinear,
  LocateModel,
  SendPrompt,
  StopChat,
  Regenerate,
  Shortcuts,
  About,
};

class WindowActions : public QObject {
  Q_OBJECT
 public:
  explicit WindowActions(QWidget* window);

  QAction* operator[](Command command) const { return actions_.at(command); }
  /// In the order of the table.
  const std::vector<Command>& order() const { return order_; }

 private:
  std::map<Command, QAction*> actions_;
  std::vector<Command> order_;
};

}  // namespace salient::ui
