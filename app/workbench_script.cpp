// SPDX-License-Identifier: Apache-2.0
#include "app/workbench_script.h"

#include <QApplication>
#include <QDir>
#include <QThreadPool>
#include <cstdio>

#include "ui/panes/chat_pane.h"
#include "ui/style/theme.h"

namespace salient::app {
namespace {

using namespace salient::ui;

constexpr int kPeriodMs = 100;
constexpr qint64 kPatienceMs = 30LL * 60 * 1000;
constexpr const char* kPrompt = "Tell me a fun fact about octopuses.";
constexpr const char* kNextPrompt = "How do they hide from their enemies?";

}  // namespace

WorkbenchScript::WorkbenchScript(MainWindow& window, Session& session, ScriptOptions options)
    : window_(window), session_(session), options_(std::move(options)) {
  connect(&timer_, &QTimer::timeout, this, &WorkbenchScript::advance);
  waited_.start();
  timer_.start(kPeriodMs);
}

void WorkbenchScript::fail(const QString& sentence) {
  timer_.stop();
  std::fprintf(stderr, "salient-workbench: %s\n", qPrintable(sentence));
  QApplication::exit(1);
}

void WorkbenchScript::settle() {
  for (int i = 0; i < 4; ++i) {
    QCoreApplication::processEvents();
    QThreadPool::globalInstance()->waitForDone();
  }
  QCoreApplication::processEvents();
}

void WorkbenchScript::shoot(const QString& name) {
  settle();
  const QString file = QDir(options_.folder).filePath(name + QStringLiteral(".png"));
  if (!window_.grab().save(file)) return fail(QStringLiteral("%1 could not be written").arg(file));
  std::printf("%s\n", qPrintable(file));
  std::fflush(stdout);
}

void WorkbenchScript::shoot_both(const QString& name) {
  for (const Theme theme : {Theme::Light, Theme::Dark}) {
    applyTheme(*qobject_cast<QApplication*>(QCoreApplication::instance()),
               {theme, options_.fontScale});
    shoot(name + (theme == Theme::Dark ? QStringLiteral("-dark") : QStringLiteral("-light")));
  }
  applyTheme(*qobject_cast<QApplication*>(QCoreApplication::instance()),
             {options_.theme, options_.fontScale});
}

bool WorkbenchScript::chat_settled() const {
  const ChatStage stage = session_.chat().stage();
  return stage == ChatStage::Ready && session_.chat().model().last() != nullptr &&
         session_.chat().model().last()->complete;
}

void WorkbenchScript::ask(ChatMode mode) {
  ChatOptions options = session_.chat().options();
  options.mode = mode;
  session_.chat().setOptions(options);
  if (session_.chat().model().last() != nullptr) {
    session_.chat().regenerate();
    return;
  }
  window_.chatPane().setPrompt(QString::fromLatin1(kPrompt));
  window_.chatPane().sendPrompt();
}

void WorkbenchScript::start_chat() {
  if (session_.chat().stage() == ChatStage::Empty) session_.loadChat();
  ask(ChatMode::FreeRunning);
  step_ = Step::Answering;
}

void WorkbenchScript::advance() {
  if (waited_.elapsed() > kPatienceMs) return fail(QStringLiteral("the run took too long"));
  if (!session_.openError().isEmpty()) return fail(session_.openError());
  const RunState& run = session_.run();
  if (run.phase == RunPhase::Failed || run.phase == RunPhase::Cancelled) {
    return fail(QString::fromStdString(run.finished.sentence));
  }
  switch (step_) {
    case Step::Open:
      if (run.phase == RunPhase::Planned) {
        step_ = Step::Preflight;
      } else if (run.phase == RunPhase::Finished) {
        step_ = Step::Measuring;
      }
      return;
    case Step::Preflight:
      shoot_both(QStringLiteral("preflight"));
      if (options_.chatOnly) return start_chat();
      session_.quantize();
      step_ = Step::Running;
      return;
    case Step::Running:
      if (run.phase == RunPhase::Finished) {
        step_ = Step::Measuring;
      } else if (!shotRunning_ && run.progress() > 0.6 && run.phase == RunPhase::Running) {
        shotRunning_ = true;
        shoot_both(QStringLiteral("running"));
      }
      return;
    case Step::Measuring:
      if (session_.evaluation().running || session_.chat().stage() == ChatStage::Loading) return;
      return start_chat();
    case Step::Answering:
      if (!session_.chat().error().isEmpty()) return fail(session_.chat().error());
      if (!chat_settled() || session_.study().stage == StudyStage::Searching) return;
      shoot_both(QStringLiteral("workbench"));
      window_.setWorkLayout(WorkLayout::Inspect);
      shoot_both(QStringLiteral("inspect"));
      window_.setWorkLayout(WorkLayout::Chat);
      ask(ChatMode::LockStep);
      step_ = Step::LockStep;
      return;
    case Step::LockStep:
      if (!chat_settled()) return;
      shoot_both(QStringLiteral("chat"));
      session_.chat().send(QString::fromLatin1(kNextPrompt));
      step_ = Step::Conversation;
      return;
    case Step::Conversation:
      if (!session_.chat().error().isEmpty()) return fail(session_.chat().error());
      if (!chat_settled()) return;
      shoot_both(QStringLiteral("conversation"));
      step_ = Step::Done;
      QApplication::exit(0);
      return;
    case Step::Done:
      return;
  }
}

}  // namespace salient::app
