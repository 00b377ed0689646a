// SPDX-License-Identifier: Apache-2.0
#pragma once

// Drives the window as a person would and saves pictures of it on that very run: open, pre-flight,
// quantize, look, chat. Ends the program with 0, or with 1 and one sentence on stderr.

#include <QElapsedTimer>
#include <QObject>
#include <QStringList>
#include <QTimer>

#include "ui/models/session.h"
#include "ui/panes/main_window.h"

namespace salient::app {

struct ScriptOptions {
  QString folder;
  ui::Theme theme = ui::Theme::Light;
  double fontScale = 1.0;
  bool chatOnly = false;  ///< without quantizing
};

class WorkbenchScript : public QObject {
  Q_OBJECT
 public:
  WorkbenchScript(ui::MainWindow& window, ui::Session& session, ScriptOptions options);

 private:
  enum class Step { Open, Preflight, Running, Measuring, Answering, LockStep, Conversation, Done };

  void advance();
  void fail(const QString& sentence);
  void start_chat();
  void ask(ChatMode mode);
  void shoot(const QString& name);
  void shoot_both(const QString& name);
  bool chat_settled() const;
  /// Pictures that are computed on pool threads have arrived.
  void settle();

  ui::MainWindow& window_;
  ui::Session& session_;
  ScriptOptions options_;
  Step step_ = Step::Open;
  bool shotRunning_ = false;
  QTimer timer_;
  QElapsedTimer waited_;
};

}  // namespace salient::app
