// SPDX-License-Identifier: Apache-2.0
// The window on a recorded run, as pictures: every page and layout, both themes, three sizes.
//   QT_QPA_PLATFORM=offscreen window_shots OUT_DIR [WxH]
// To be looked at beside the design's pictures; not a test.
#include <QApplication>
#include <QDir>
#include <QFile>
#include <QSettings>
#include <QStandardPaths>
#include <QThreadPool>
#include <cstdio>

#include "recorded_engine.h"
#include "ui/bridge/inbox_pump.h"
#include "ui/models/session.h"
#include "ui/panes/chat_pane.h"
#include "ui/panes/main_window.h"
#include "ui/style/theme.h"

using namespace salient;
using namespace salient::ui;

namespace {

struct Stage {
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  tests::RecordedEngine engine{inbox};
  InboxPump pump{inbox};
};

void settle(InboxPump& pump) {
  for (int i = 0; i < 6; ++i) {
    pump.drain();
    QThreadPool::globalInstance()->waitForDone();
    QCoreApplication::processEvents();
  }
}

void shoot(MainWindow& window, const QDir& folder, const QString& name, Theme theme) {
  applyTheme(*qApp, {theme, 1.0});
  QCoreApplication::processEvents();
  const QString file = folder.filePath(
      QStringLiteral("%1-%2.png").arg(name, theme == Theme::Dark ? "dark" : "light"));
  window.grab().save(file);
  std::printf("%s\n", qPrintable(file));
}

}  // namespace

int main(int argc, char** argv) {
  QApplication application(argc, argv);
  QStandardPaths::setTestModeEnabled(true);
  const QStringList arguments = QCoreApplication::arguments();
  const QDir folder(arguments.value(1, QStringLiteral("shots")));
  QDir().mkpath(folder.path());
  const QStringList sides = arguments.value(2, QStringLiteral("1440x900")).split(QLatin1Char('x'));
  const QSize size(sides.value(0).toInt(), sides.value(1).toInt());
  applyTheme(application, {Theme::Light, 1.0});
  QSettings settings(folder.filePath(QStringLiteral("shots.ini")), QSettings::IniFormat);
  settings.clear();
  Stage stage;
  BundledTexts texts;
  texts.calibration = "text";
  texts.evaluation = "text";
  texts.evaluationName = "WikiText-2";
  texts.toy = "toy";
  texts.demo = "demo.gguf";
  texts.runsFolder = "/home/you/Salient";
  Session session(stage.engine, texts);
  QObject::connect(&stage.pump, &InboxPump::delivered, &session, &Session::take);
  MainWindow window(session, settings);
  window.resize(size);
  window.show();
  session.scanCache("/cache");
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "start", theme);
  const QString model = folder.filePath(QStringLiteral("SmolLM2-135M-Instruct.Q4_1.gguf"));
  QFile(model).open(QIODevice::WriteOnly);
  window.open(model);
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "preflight", theme);
  session.quantize();
  stage.engine.advance(17);
  stage.engine.advanceInto(60);
  settle(stage.pump);
  session.loadChat();
  settle(stage.pump);
  session.selection().select({12, LinearRole::Value});
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "running", theme);
  stage.engine.finish();
  settle(stage.pump);
  session.selection().select({28, LinearRole::Down});
  window.chatPane().setPrompt(QStringLiteral("Tell me a fun fact about octopuses."));
  window.chatPane().sendPrompt();
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "finished", theme);
  session.chat().send(QStringLiteral("And how do they hide from a hungry shark?"));
  settle(stage.pump);
  stage.engine.answerTokens = 200;
  session.chat().send(QStringLiteral(
      "Write a long letter to a child who wants to know everything about the sea: who lives in "
      "it, how deep it is, why it is salt, and what nobody has found out until now."));
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "turns", theme);
  session.chat().clear();
  stage.engine.answerTokens = 0;
  session.chat().send(QStringLiteral("Tell me a fun fact about octopuses."));
  settle(stage.pump);
  window.setWorkLayout(WorkLayout::Inspect);
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "inspect", theme);
  ChatOptions options = session.chat().options();
  options.mode = ChatMode::LockStep;
  session.chat().setOptions(options);
  session.chat().regenerate();
  window.setWorkLayout(WorkLayout::Chat);
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "chat", theme);
  session.chat().send(QStringLiteral("And how do they hide from a hungry shark?"));
  settle(stage.pump);
  options.mode = ChatMode::FreeRunning;
  session.chat().setOptions(options);
  session.chat().send(QStringLiteral("Thank you!"));
  settle(stage.pump);
  for (const Theme theme : {Theme::Light, Theme::Dark}) shoot(window, folder, "chat-turns", theme);
  return 0;
}
