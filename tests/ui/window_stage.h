// SPDX-License-Identifier: Apache-2.0
#pragma once

// The whole window over the recorded engine, with a folder and settings of its own: what a Qt test
// drives. The model is a file of four letters; nothing of it is read.

#include <QApplication>
#include <QDragEnterEvent>
#include <QMimeData>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>
#include <memory>

#include "recorded_engine.h"
#include "ui/bridge/inbox_pump.h"
#include "ui/panes/main_window.h"

namespace salient::tests {

using namespace salient::ui;

/// A window over a recorded run in a folder of its own.
struct Stage {
  QTemporaryDir folder;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  RecordedEngine engine{inbox};
  InboxPump pump{inbox};
  QSettings settings{folder.filePath(QStringLiteral("window.ini")), QSettings::IniFormat};
  std::unique_ptr<Session> session;
  std::unique_ptr<MainWindow> window;
  QString model;

  Stage() {
    model = folder.filePath(QStringLiteral("model.gguf"));
    QFile file(model);
    if (file.open(QIODevice::WriteOnly)) file.write("GGUF");
    BundledTexts texts;
    texts.evaluation = "text";
    texts.evaluationName = "a text";
    texts.runsFolder = folder.path().toStdString();
    session = std::make_unique<Session>(engine, texts);
    QObject::connect(&pump, &InboxPump::delivered, session.get(), &Session::take);
    window = std::make_unique<MainWindow>(*session, settings);
    window->resize(1440, 900);
    window->show();
    [[maybe_unused]] const bool shown = QTest::qWaitForWindowExposed(window.get());
  }

  void settle() {
    for (int i = 0; i < 5; ++i) {
      pump.drain();
      QThreadPool::globalInstance()->waitForDone();
      QCoreApplication::processEvents();
    }
  }
  void trigger(Command command) {
    window->actions()[command]->trigger();
    settle();
  }
  void openModel() {
    window->open(model);
    settle();
  }
  void runAll() {
    openModel();
    trigger(Command::Quantize);
    engine.finish();
    settle();
  }
  void drop(const QString& path) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window.get(), &enter);
    accepted = enter.isAccepted();
    if (!accepted) return;
    QDropEvent drop(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QCoreApplication::sendEvent(window.get(), &drop);
    settle();
  }
  bool accepted = false;
};

}  // namespace salient::tests
