// SPDX-License-Identifier: Apache-2.0
// The whole job in the window on the bundled toy, with the real engine thread: drop, pre-flight,
// run, pause, cancel, resume, knob, undo, chat, scores, export, reopen.
#include <QApplication>
#include <QDir>
#include <QDropEvent>
#include <QElapsedTimer>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <cstdio>
#include <memory>

#include "app/resources.h"
#include "ui/bridge/engine_thread.h"
#include "ui/bridge/inbox_pump.h"
#include "ui/panes/captions.h"
#include "ui/panes/chat_pane.h"
#include "ui/panes/main_window.h"
#include "ui/style/theme.h"

using namespace salient;
using namespace salient::ui;

namespace {

constexpr int kPatienceMs = 30'000;

}  // namespace

class WindowLiveTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase();
  void aDroppedModelIsPlannedWithinASecond();
  void aRunPausesAnswersAKnobAndIsCancelledAtOnce();
  void theSameButtonResumesAndFinishes();
  void theFinishedRunIsScoredAgainstPlainRounding();
  void aKnobSearchesTheVisibleLinearAgainAndUndoReturns();
  void bothModelsAnswerOnePrompt();
  void anotherFormatIsExported();
  void theFinishedFolderReopensWithItsViews();
  void theModelOfAReopenedRunIsAskedForAndChecked();
  void measuringStopsWhenAsked();
  void aLinearIsMeasuredAgainForItsKnobs();
  void cleanupTestCase();

 private:
  template <class Condition>
  bool waitFor(Condition condition) {
    return QTest::qWaitFor(condition, kPatienceMs);
  }
  const RunState& run() const { return session_->run(); }

  QTemporaryDir folder_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::unique_ptr<EngineThread> engine_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<InboxPump> pump_;
  std::unique_ptr<QSettings> settings_;
  std::unique_ptr<MainWindow> window_;
};

void WindowLiveTest::initTestCase() {
  applyTheme(*qApp, {Theme::Light, 1.0});
  engine_ = std::make_unique<EngineThread>(inbox_, EngineThreadOptions{});
  BundledTexts texts;
  texts.calibration = app::bundled_text("calibration");
  texts.evaluation = app::bundled_text("evaluation");
  texts.evaluationName = "bundled text";
  texts.runsFolder = folder_.path().toStdString();
  session_ = std::make_unique<Session>(*engine_, texts);
  pump_ = std::make_unique<InboxPump>(inbox_);
  connect(pump_.get(), &InboxPump::delivered, session_.get(), &Session::take);
  settings_ =
      std::make_unique<QSettings>(folder_.filePath(QStringLiteral("w.ini")), QSettings::IniFormat);
  window_ = std::make_unique<MainWindow>(*session_, *settings_);
  window_->show();
}

void WindowLiveTest::aDroppedModelIsPlannedWithinASecond() {
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(QString::fromStdString(app::toy_checkpoint().string()))});
  QElapsedTimer timer;
  timer.start();
  QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(window_.get(), &enter);
  QVERIFY(enter.isAccepted());
  QDropEvent drop(QPointF(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QCoreApplication::sendEvent(window_.get(), &drop);
  QVERIFY(waitFor([&] { return run().plan != nullptr; }));
  std::printf("drop to card: %lld ms\n", static_cast<long long>(timer.elapsed()));
  QVERIFY(run().plan->linears.size() > 6);
  QCOMPARE(session_->presetPlans().size(), kPresets.size());
}

void WindowLiveTest::aRunPausesAnswersAKnobAndIsCancelledAtOnce() {
  QVERIFY(session_->plannedNow() != nullptr);
  Knobs knobs = session_->knobs().knobs();
  knobs.calibration.samples = 16;
  knobs.calibration.seqLen = 256;
  session_->knobs().change(QStringLiteral("16 × 256"), knobs);
  QVERIFY(waitFor([&] { return session_->plannedNow()->options.calibration.samples == 16; }));
  window_->actions()[Command::Quantize]->trigger();
  QVERIFY(waitFor([&] { return run().doneLinears() >= 7; }));
  window_->actions()[Command::PauseResume]->trigger();
  QVERIFY(waitFor([&] { return run().phase == RunPhase::Paused; }));
  session_->selection().select({0, LinearRole::Value});
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  window_->actions()[Command::PauseResume]->trigger();
  QVERIFY(waitFor([&] { return run().phase != RunPhase::Paused; }));
  QElapsedTimer timer;
  timer.start();
  window_->actions()[Command::Cancel]->trigger();
  QVERIFY(waitFor([&] { return !run().active(); }));
  std::printf("cancel: %lld ms\n", static_cast<long long>(timer.elapsed()));
  QCOMPARE(run().phase, RunPhase::Cancelled);
}

void WindowLiveTest::theSameButtonResumesAndFinishes() {
  window_->actions()[Command::Quantize]->trigger();
  QVERIFY(waitFor([&] { return !run().active(); }));
  QVERIFY2(run().phase == RunPhase::Finished, run().finished.sentence.c_str());
  QVERIFY(run().firstBlock > 0);
  QVERIFY(QDir(QString::fromStdString(run().plan->options.target.string())).exists());
}

void WindowLiveTest::theFinishedRunIsScoredAgainstPlainRounding() {
  QVERIFY(waitFor([&] { return session_->evaluation().rtn && session_->evaluation().awq; }));
  QVERIFY(session_->evaluation().awq->kl_mean > 0);
  QVERIFY(session_->evaluation().awq->kl_mean < session_->evaluation().rtn->kl_mean * 1.05);
}

void WindowLiveTest::aKnobSearchesTheVisibleLinearAgainAndUndoReturns() {
  // The last block was measured in this session, so its Gram matrices are at hand.
  const std::int64_t block = run().plan->config.num_layers - 1;
  session_->selection().select({block, LinearRole::Gate});
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  QVERIFY(!session_->study().whatIf);
  const double before = session_->study().result->report.loss;
  Knobs knobs = session_->knobs().knobs();
  knobs.scheme.bits = 3;
  session_->knobs().change(QStringLiteral("3 bits"), knobs);
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  std::printf("knob to exact curve: %.0f ms\n", session_->study().seconds * 1e3);
  QVERIFY(session_->study().whatIf);
  QVERIFY(session_->study().result->report.loss > 2 * before);
  window_->actions()[Command::Undo]->trigger();
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  QCOMPARE(session_->study().result->report.loss, before);
}

void WindowLiveTest::bothModelsAnswerOnePrompt() {
  QVERIFY(waitFor([&] { return session_->chat().stage() == ChatStage::Ready; }));
  ChatOptions options = session_->chat().options();
  options.max_new_tokens = 12;
  options.mode = ChatMode::LockStep;
  session_->chat().setOptions(options);
  window_->chatPane().setPrompt(QStringLiteral("Hello"));
  window_->actions()[Command::SendPrompt]->trigger();
  QVERIFY(waitFor([&] { return session_->chat().stage() == ChatStage::Ready; }));
  QVERIFY2(session_->chat().error().isEmpty(), qPrintable(session_->chat().error()));
  const ChatTurn* turn = session_->chat().model().last();
  QVERIFY(turn != nullptr && turn->complete);
  QCOMPARE(turn->of(Side::Left).tokens.size(), turn->of(Side::Right).tokens.size());
  QVERIFY(turn->of(Side::Right).done->throughput.new_tokens > 0);
}

void WindowLiveTest::anotherFormatIsExported() {
  QSignalSpy exported(session_.get(), &Session::exported);
  const QString target = folder_.filePath(QStringLiteral("fp16"));
  session_->exportRun(ExportFormat::Fp16, target.toStdString());
  QVERIFY2(waitFor([&] { return exported.count() == 1; }),
           qPrintable(session_->log().text().right(300)));
  QVERIFY(QFile::exists(target + QStringLiteral("/config.json")));
}

void WindowLiveTest::theFinishedFolderReopensWithItsViews() {
  const QString target = QString::fromStdString(run().plan->options.target.string());
  const std::int64_t linears = run().doneLinears();
  session_->close();
  QVERIFY(!run().plan);
  window_->open(target);
  QVERIFY(waitFor([&] { return run().phase == RunPhase::Finished; }));
  QCOMPARE(run().doneLinears(), linears);
  QVERIFY(session_->evaluation().awq && session_->evaluation().rtn);
  QVERIFY(session_->selection().linear().has_value());
  QVERIFY(run().profileOf(*session_->selection().linear()) != nullptr);
  // The recents know which model it was made from, so the planes come back too.
  QVERIFY(waitFor([&] { return session_->study().planes != nullptr; }));
}

void WindowLiveTest::theModelOfAReopenedRunIsAskedForAndChecked() {
  const std::filesystem::path target = run().plan->options.target;
  session_->open(target);
  QVERIFY(waitFor([&] { return run().phase == RunPhase::Finished; }));
  QVERIFY(!session_->missingSource().isEmpty());
  QVERIFY(!session_->canMeasure());
  auto* locate = window_->findChild<QPushButton*>(QStringLiteral("locateModel"));
  QVERIFY(locate != nullptr && locate->isVisibleTo(window_.get()));
  QVERIFY(captions::missing(*session_).contains(session_->missingSource()));
  // Without its model the quantized one answers alone, and nothing claims a comparison.
  session_->loadChat();
  QVERIFY(waitFor([&] { return session_->chat().stage() == ChatStage::Ready; }));
  QVERIFY(session_->chat().alone());
  QVERIFY(!session_->chat().sourceNote().isEmpty());
  session_->locateSource(target);
  QVERIFY(waitFor([&] { return run().phase == RunPhase::Finished; }));
  QCOMPARE(session_->wrongSource(), QString::fromStdString(target.filename().string()));
  QVERIFY(!session_->missingSource().isEmpty());
  session_->locateSource(app::toy_checkpoint());
  QVERIFY(waitFor([&] { return session_->study().planes != nullptr; }));
  QVERIFY(session_->missingSource().isEmpty());
  QVERIFY(!locate->isVisibleTo(window_.get()));
}

void WindowLiveTest::measuringStopsWhenAsked() {
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::NotAtHand; }));
  window_->actions()[Command::MeasureLinear]->trigger();
  QVERIFY(session_->measuring().running);
  window_->findChild<QPushButton*>(QStringLiteral("stopMeasuring"))->click();
  QVERIFY(!session_->measuring().running);
  QVERIFY(session_->canMeasure());
}

void WindowLiveTest::aLinearIsMeasuredAgainForItsKnobs() {
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::NotAtHand; }));
  QVERIFY(session_->study().fixedScales.empty());
  auto* button = window_->findChild<QPushButton*>(QStringLiteral("measureLinear"));
  QVERIFY(button != nullptr && button->isVisibleTo(window_.get()));
  QCOMPARE(button->accessibleName(), QStringLiteral("Measure this linear"));
  QVERIFY((button->focusPolicy() & Qt::TabFocus) != 0);
  const double recorded = session_->study().result->report.loss;
  button->setFocus();
  QTest::keyClick(button, Qt::Key_Space);
  QVERIFY(session_->measuring().running);
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  QVERIFY(!session_->measuring().running);
  QVERIFY(!button->isVisibleTo(window_.get()));
  QCOMPARE(session_->study().fixedScales.size(), std::size_t{5});
  Knobs knobs = session_->knobs().knobs();
  knobs.scheme.bits = 2;
  session_->knobs().change(QStringLiteral("2 bits"), knobs);
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  QVERIFY(session_->study().whatIf);
  QVERIFY(session_->study().result->report.loss > 4 * recorded);
  // The same text gives the same statistics, so the run's settings give the run's loss.
  window_->actions()[Command::Undo]->trigger();
  QVERIFY(waitFor([&] { return session_->study().stage == StudyStage::Complete; }));
  QCOMPARE(session_->study().result->report.loss, recorded);
}

void WindowLiveTest::cleanupTestCase() {
  window_.reset();
  QElapsedTimer timer;
  timer.start();
  engine_.reset();
  QVERIFY(timer.elapsed() < 5000);
}

QTEST_MAIN(WindowLiveTest)
#include "window_live_test.moc"
