// SPDX-License-Identifier: Apache-2.0
// The window driven over a recorded run: drop, pre-flight, run, pause, knobs, undo, chat, export,
// keyboard and accessible names.
#include <QAbstractItemView>
#include <QAbstractSpinBox>
#include <QApplication>
#include <QComboBox>
#include <QDragEnterEvent>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSplitter>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>
#include <QToolButton>
#include <cmath>
#include <ctime>
#include <memory>

#include "ui/panes/chat_pane.h"
#include "ui/panes/main_window.h"
#include "ui/panes/preflight_pane.h"
#include "ui/panes/recent_row.h"
#include "ui/plots/heatmap_widget.h"
#include "ui/plots/plot_widget.h"
#include "ui/style/theme.h"
#include "window_stage.h"

using namespace salient;
using namespace salient::ui;
using salient::tests::Stage;

namespace {

bool isInteractive(const QWidget* widget) {
  if (qobject_cast<const QMenuBar*>(widget) || qobject_cast<const QMenu*>(widget)) return false;
  return qobject_cast<const QAbstractButton*>(widget) || qobject_cast<const QComboBox*>(widget) ||
         qobject_cast<const QLineEdit*>(widget) || qobject_cast<const QAbstractItemView*>(widget) ||
         qobject_cast<const QAbstractSpinBox*>(widget) ||
         qobject_cast<const QPlainTextEdit*>(widget) || qobject_cast<const PlotWidget*>(widget);
}

QString nameOf(const QWidget* widget) {
  if (!widget->accessibleName().isEmpty()) return widget->accessibleName();
  const auto* button = qobject_cast<const QAbstractButton*>(widget);
  return button == nullptr ? QString() : button->text();
}

/// CPU time of this thread: what other programs on the machine do is not the window's cost.
double threadMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

/// Parts of another widget (a spin box's field, a popup's list) that people never meet by Tab.
bool isPart(const QWidget* widget) {
  const QString name = widget->objectName();
  if (name.startsWith(QStringLiteral("qt_"))) return true;
  for (const QWidget* parent = widget->parentWidget(); parent; parent = parent->parentWidget()) {
    if (qobject_cast<const QAbstractSpinBox*>(parent) || qobject_cast<const QComboBox*>(parent) ||
        qobject_cast<const QLineEdit*>(parent) || qobject_cast<const QAbstractItemView*>(parent)) {
      return true;
    }
  }
  return false;
}

}  // namespace

class WindowTest : public QObject {
  Q_OBJECT

 private slots:
  void initTestCase() { applyTheme(*qApp, {Theme::Light, 1.0}); }
  void aDropShowsThePreflightCard();
  void whatIsNoModelIsRefusedWithAReason();
  void aRunIsPausedResumedAndCancelled();
  void aFinishedRunIsScoredAndCanBeExported();
  void aKnobAsksForTheVisibleLinearAgainAndUndoGoesBack();
  void theSelectionIsSharedByAllViews();
  void aPromptDrivesBothModels();
  void lockStepMarksWhereTheModelsPart();
  void layoutsShowWhatTheyPromise();
  void noShortcutIsGivenTwice();
  void everyInteractiveWidgetHasANameAndTakesTheFocus();
  void anUpdateReachesEveryViewAndPrintsItsTime();
  void theWindowFitsItsSmallestSize();
  void anUnfinishedRunIsRememberedAndResumedFromItsRow();
  void aWeightUnderThePointerTellsItsCodesAndValues();
  void draggedSizesSurviveAResizeAndARestart();
};

void WindowTest::aDropShowsThePreflightCard() {
  Stage stage;
  QElapsedTimer timer;
  timer.start();
  stage.drop(stage.model);
  QVERIFY(stage.accepted);
  QVERIFY(stage.session->run().plan != nullptr);
  QVERIFY(stage.window->findChild<PreflightPane*>()->isVisible());
  QVERIFY2(timer.elapsed() < 1000, "the card took longer than a second");
}

void WindowTest::whatIsNoModelIsRefusedWithAReason() {
  Stage stage;
  const QString text = stage.folder.filePath(QStringLiteral("notes.txt"));
  QFile file(text);
  QVERIFY(file.open(QIODevice::WriteOnly));
  stage.drop(text);
  QVERIFY(!stage.accepted);
  QString reason;
  QVERIFY(!canOpen(text, &reason));
  QVERIFY(reason.contains(QStringLiteral("notes.txt")));
  stage.engine.failOpen = true;
  stage.openModel();
  QVERIFY(stage.session->openError().contains(QStringLiteral("config.json")));
}

void WindowTest::aRunIsPausedResumedAndCancelled() {
  Stage stage;
  stage.openModel();
  stage.trigger(Command::Quantize);
  stage.engine.advance(3);
  stage.settle();
  QCOMPARE(stage.session->run().phase, RunPhase::Running);
  QCOMPARE(stage.session->run().doneLinears(), std::int64_t{28});
  stage.trigger(Command::PauseResume);
  QCOMPARE(stage.session->run().phase, RunPhase::Paused);
  stage.trigger(Command::PauseResume);
  QCOMPARE(stage.session->run().phase, RunPhase::Running);
  stage.trigger(Command::Cancel);
  QCOMPARE(stage.session->run().phase, RunPhase::Cancelled);
  QVERIFY(stage.window->actions()[Command::Quantize]->isEnabled());
}

void WindowTest::aFinishedRunIsScoredAndCanBeExported() {
  Stage stage;
  stage.runAll();
  QCOMPARE(stage.session->run().phase, RunPhase::Finished);
  QVERIFY(stage.session->evaluation().awq.has_value());
  QVERIFY(stage.session->evaluation().rtn.has_value());
  QVERIFY(stage.window->actions()[Command::Export]->isEnabled());
  QSignalSpy exported(stage.session.get(), &Session::exported);
  stage.session->exportRun(ExportFormat::Fp16, "/nowhere/out");
  stage.settle();
  QCOMPARE(exported.count(), 1);
}

void WindowTest::aKnobAsksForTheVisibleLinearAgainAndUndoGoesBack() {
  Stage stage;
  stage.runAll();
  stage.session->selection().select({5, LinearRole::Value});
  stage.settle();
  QCOMPARE(stage.session->study().stage, StudyStage::Complete);
  QVERIFY(!stage.session->study().whatIf);
  const double before = stage.session->study().result->report.loss;
  Knobs knobs = stage.session->knobs().knobs();
  knobs.scheme.bits = 3;
  stage.session->knobs().change(QStringLiteral("3 bits"), knobs);
  stage.settle();
  QVERIFY(stage.session->study().whatIf);
  QVERIFY(stage.session->study().result->report.loss > before);
  QCOMPARE(stage.session->study().ghosts.size(), std::size_t{1});
  QVERIFY(stage.session->knobsDiffer());
  stage.trigger(Command::Undo);
  QVERIFY(!stage.session->study().whatIf);
  QCOMPARE(stage.session->study().result->report.loss, before);
}

void WindowTest::theSelectionIsSharedByAllViews() {
  Stage stage;
  stage.runAll();
  stage.session->selection().select({7, LinearRole::Down});
  stage.settle();
  QVERIFY(stage.session->selection().channel().has_value());
  for (const PlotWidget* plot : stage.window->findChildren<PlotWidget*>()) {
    if (!plot->isVisible()) continue;
    QVERIFY2(plot->message().isEmpty(), qPrintable(plot->accessibleName() + plot->message()));
    QVERIFY(!plot->csv().isEmpty());
  }
  stage.trigger(Command::NextBlock);
  QCOMPARE(stage.session->selection().linear()->block, std::int64_t{8});
}

void WindowTest::aPromptDrivesBothModels() {
  Stage stage;
  stage.runAll();
  stage.window->chatPane().setPrompt(QStringLiteral("Tell me about octopuses."));
  stage.trigger(Command::SendPrompt);
  const ChatTurn* turn = stage.session->chat().model().last();
  QVERIFY(turn != nullptr && turn->complete);
  QVERIFY(turn->of(Side::Left).text.contains(QStringLiteral("octopus")));
  QCOMPARE(*turn->firstDivergence(), std::size_t{16});
  stage.trigger(Command::Regenerate);
  QCOMPARE(stage.session->chat().model().rowCount(), 1);
}

void WindowTest::lockStepMarksWhereTheModelsPart() {
  Stage stage;
  stage.runAll();
  ChatOptions options = stage.session->chat().options();
  options.mode = ChatMode::LockStep;
  stage.session->chat().setOptions(options);
  stage.trigger(Command::LayoutChat);
  stage.session->chat().send(QStringLiteral("Hello"));
  stage.settle();
  const ChatTurn* turn = stage.session->chat().model().last();
  QCOMPARE(turn->differingPicks(), std::size_t{5});
  QCOMPARE(turn->comparedPlaces(), turn->of(Side::Right).tokens.size());
}

void WindowTest::layoutsShowWhatTheyPromise() {
  Stage stage;
  stage.runAll();
  stage.trigger(Command::LayoutInspect);
  QVERIFY(!stage.window->chatPane().isVisible());
  stage.trigger(Command::LayoutQuantize);
  QVERIFY(stage.window->chatPane().isVisible());
  stage.trigger(Command::LayoutChat);
  QCOMPARE(stage.window->workLayout(), WorkLayout::Chat);
  QVERIFY(!stage.window->chatPane().isVisible());
}

void WindowTest::noShortcutIsGivenTwice() {
  Stage stage;
  QMap<QString, QString> owners;
  for (const QAction* action : stage.window->findChildren<QAction*>()) {
    for (const QKeySequence& keys : action->shortcuts()) {
      const QString text = keys.toString();
      if (text.isEmpty()) continue;
      QVERIFY2(!owners.contains(text) || owners[text] == action->text(),
               qPrintable(text + QStringLiteral(" is ") + owners.value(text) +
                          QStringLiteral(" and ") + action->text()));
      owners.insert(text, action->text());
    }
  }
  QVERIFY(owners.size() > 20);
}

void WindowTest::everyInteractiveWidgetHasANameAndTakesTheFocus() {
  Stage stage;
  stage.runAll();
  QStringList problems;
  int seen = 0;
  for (const QWidget* widget : stage.window->findChildren<QWidget*>()) {
    if (!isInteractive(widget) || isPart(widget)) continue;
    ++seen;
    const QString where = QString::fromLatin1(widget->metaObject()->className()) +
                          QStringLiteral(" in ") +
                          QString::fromLatin1(widget->parentWidget()->metaObject()->className());
    if (nameOf(widget).isEmpty()) problems << where + QStringLiteral(" has no accessible name");
    if (!(widget->focusPolicy() & Qt::TabFocus)) {
      problems << where + QLatin1Char(' ') + nameOf(widget) +
                      QStringLiteral(" cannot be reached by Tab");
    }
  }
  QVERIFY2(problems.isEmpty(), qPrintable(problems.join(QLatin1Char('\n'))));
  QVERIFY(seen > 60);
}

void WindowTest::anUpdateReachesEveryViewAndPrintsItsTime() {
  Stage stage;
  stage.openModel();
  stage.trigger(Command::Quantize);
  stage.engine.advance(10);
  stage.session->selection().select({9, LinearRole::Down});
  stage.settle();
  std::vector<double> times;
  for (int i = 0; i < 40; ++i) {
    stage.engine.advanceInto(12);
    const std::vector<Message> messages = stage.inbox->drain();
    const double begin = threadMilliseconds();
    stage.session->take(messages);
    QCoreApplication::processEvents();
    times.push_back(threadMilliseconds() - begin);
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("update with every view open: median %.2f ms, 95th percentile %.2f ms of CPU\n",
              median, times[times.size() * 95 / 100]);
  // The time is for a reader: a test that fails on a busy machine says nothing about the window.
  QVERIFY(stage.session->run().doneLinears() > 10 * 7);
}

void WindowTest::theWindowFitsItsSmallestSize() {
  Stage stage;
  stage.runAll();
  stage.session->chat().send(QStringLiteral("Hello"));
  stage.settle();
  for (const QSize size : {QSize(1024, 640), QSize(1280, 800), QSize(2560, 1440)}) {
    stage.window->resize(size);
    stage.settle();
    QCOMPARE(stage.window->size(), size);
    QVERIFY(stage.window->chatPane().showsRibbon());
  }
}

void WindowTest::anUnfinishedRunIsRememberedAndResumedFromItsRow() {
  Stage stage;
  stage.openModel();
  const RecentsModel opened(stage.settings);
  QCOMPARE(opened.rowCount(), 1);
  QCOMPARE(opened.entries().front().stage, RecentStage::Opened);
  QCOMPARE(opened.entries().front().blocks, 30);
  Knobs knobs = stage.session->knobs().knobs();
  knobs.scheme.bits = 3;
  stage.session->knobs().change(QStringLiteral("3 bits"), knobs);
  stage.settle();
  stage.trigger(Command::Quantize);
  const std::filesystem::path target = stage.session->run().plan->options.target;
  stage.trigger(Command::Cancel);
  stage.trigger(Command::CloseModel);
  auto* resume = stage.window->findChild<RecentRow*>()->findChild<QPushButton*>();
  QVERIFY(resume != nullptr && resume->accessibleName().startsWith(QStringLiteral("Resume ")));
  stage.engine.resumes = true;
  resume->click();
  stage.settle();
  QVERIFY(stage.session->run().active());
  QCOMPARE(stage.session->run().plan->options.target, target);
  QCOMPARE(stage.session->run().plan->options.scheme.bits, 3);
}

void WindowTest::aWeightUnderThePointerTellsItsCodesAndValues() {
  Stage stage;
  stage.runAll();
  stage.session->selection().select({28, LinearRole::Down});
  stage.settle();
  auto* map = stage.window->findChild<HeatmapWidget*>();
  map->setCursorCell(QPoint(101, 102));
  const auto& awq = stage.session->study().planes->awq;
  QVERIFY(map->readoutText().contains(QStringLiteral("AWQ %1 →").arg(awq.code(102, 101))));
}

void WindowTest::draggedSizesSurviveAResizeAndARestart() {
  Stage stage;
  stage.runAll();
  const auto shareOf = [](const MainWindow& window) {
    const QList<int> sizes = window.findChild<QSplitter*>()->sizes();
    return static_cast<double>(sizes[0]) / (sizes[0] + sizes[1]);
  };
  const double before = shareOf(*stage.window);
  auto* views = stage.window->findChild<QSplitter*>();
  views->setSizes({400, 150});
  emit views->splitterMoved(400, 1);
  const double dragged = shareOf(*stage.window);
  QVERIFY(dragged > before + 0.1);
  stage.window->resize(1500, 920);
  stage.settle();
  QVERIFY(std::abs(shareOf(*stage.window) - dragged) < 0.05);
  stage.window->close();
  stage.window = std::make_unique<MainWindow>(*stage.session, stage.settings);
  stage.window->show();
  stage.settle();
  QCOMPARE(stage.window->size(), QSize(1500, 920));
  QVERIFY(std::abs(shareOf(*stage.window) - dragged) < 0.05);
  stage.trigger(Command::ResetLayout);
  QVERIFY(std::abs(shareOf(*stage.window) - before) < 0.05);
}

QTEST_MAIN(WindowTest)
#include "window_test.moc"
