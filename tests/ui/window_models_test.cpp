// SPDX-License-Identifier: Apache-2.0
// The bridge's inbox and the models, without a window.
#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>
#include <thread>

#include "recorded_engine.h"
#include "recorded_run.h"
#include "ui/bridge/inbox_pump.h"
#include "ui/bridge/stats_cache.h"
#include "ui/bridge/task_queue.h"
#include "ui/models/knobs_text.h"
#include "ui/models/linear_table_model.h"
#include "ui/models/recents_model.h"
#include "ui/models/session.h"

using namespace salient;
using namespace salient::ui;

namespace {

RunReported window(std::int64_t done) {
  return {1, WindowCalibrated{0, done, 64}};
}

Plan smallPlan() {
  JobOptions options;
  options.scheme = {4, 64, Symmetry::Asymmetric};
  return *tests::recorded_plan(options);
}

}  // namespace

class WindowModelsTest : public QObject {
  Q_OBJECT

 private slots:
  void theInboxKeepsFactsInOrderAndTheLastSample();
  void theInboxKeepsASampleBehindTheFactItFollows();
  void theInboxIsDeliveredAtMostThirtyTimesASecond();
  void requestsAreServedBeforeAndInsideRuns();
  void theStatsCacheStaysInItsBudgetAndKeepsTheNewest();
  void whatTheDeviceHasNoRoomForGoesToTheHost();
  void aRunStateFollowsTheEventsOfARun();
  void itemModelsHoldTheirContracts();
  void recentsSurviveARestart();
  void aRunReplacesItsModelAmongTheRecents();
  void knobsUndoAndRedoAndDragsMerge();
  void aRuleOfOneLinearMatchesThatLinearAlone();
  void theCommandLineSaysWhatTheKnobsSay();
  void answersToOldQuestionsAreDropped();
};

void WindowModelsTest::theInboxKeepsFactsInOrderAndTheLastSample() {
  Inbox inbox;
  for (std::int64_t i = 0; i < 1000; ++i) inbox.post(window(i));
  inbox.post(RunReported{1, BlockStarted{7}});
  inbox.post(RunReported{1, BlockStarted{8}});
  const std::vector<Message> messages = inbox.drain();
  QCOMPARE(messages.size(), std::size_t{3});
  const auto& sample = std::get<WindowCalibrated>(std::get<RunReported>(messages[0]).event);
  QCOMPARE(sample.done, std::int64_t{999});
  QCOMPARE(std::get<BlockStarted>(std::get<RunReported>(messages[1]).event).block, std::int64_t{7});
  QCOMPARE(std::get<BlockStarted>(std::get<RunReported>(messages[2]).event).block, std::int64_t{8});
  QVERIFY(inbox.drain().empty());
}

void WindowModelsTest::theInboxKeepsASampleBehindTheFactItFollows() {
  Inbox inbox;
  inbox.post(window(1));
  inbox.post(RunReported{1, BlockStarted{1}});
  inbox.post(window(2));
  const std::vector<Message> messages = inbox.drain();
  QCOMPARE(messages.size(), std::size_t{2});
  QVERIFY(isSample(messages[1]));
  QVERIFY(!isSample(messages[0]));
}

void WindowModelsTest::theInboxIsDeliveredAtMostThirtyTimesASecond() {
  const auto inbox = std::make_shared<Inbox>();
  InboxPump pump(inbox);
  QSignalSpy spy(&pump, &InboxPump::delivered);
  std::atomic<bool> stop = false;
  std::thread engine([&] {
    while (!stop) {
      inbox->post(window(1));
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  QElapsedTimer timer;
  timer.start();
  QTest::qWait(500);
  stop = true;
  engine.join();
  const auto most = static_cast<qsizetype>(timer.elapsed() / InboxPump::kPeriodMs + 2);
  QVERIFY2(spy.count() >= 3 && spy.count() <= most, qPrintable(QString::number(spy.count())));
}

void WindowModelsTest::requestsAreServedBeforeAndInsideRuns() {
  std::vector<int> order;
  std::atomic<bool> done = false;
  TaskQueue queue;
  std::atomic<bool> running = false;
  std::atomic<bool> go = false;
  queue.addRun([&] {
    running = true;
    while (!go) std::this_thread::yield();
    order.push_back(1);
    queue.serveRequests();
    order.push_back(3);
  });
  while (!running) std::this_thread::yield();
  queue.addRun([&] {
    order.push_back(4);
    done = true;
  });
  queue.addRequest([&] { order.push_back(2); });
  go = true;
  while (!done) std::this_thread::yield();
  QCOMPARE(order, (std::vector<int>{1, 2, 3, 4}));
}

void WindowModelsTest::theStatsCacheStaysInItsBudgetAndKeepsTheNewest() {
  StatsCache cache(3000);
  const auto stats = [](std::size_t features) {
    auto value = std::make_shared<ActivationStats>();
    value->sites[0].magnitude.resize(features);
    return value;
  };
  for (std::int64_t block = 0; block < 4; ++block) cache.put(block, stats(250));
  QVERIFY(cache.bytes() <= 3000);
  QVERIFY(cache.get(3) != nullptr);
  QVERIFY(cache.get(0) == nullptr);
  cache.put(9, stats(5000));
  QVERIFY(cache.get(9) != nullptr);
  QVERIFY(cache.get(3) == nullptr);
}

void WindowModelsTest::whatTheDeviceHasNoRoomForGoesToTheHost() {
  const auto backend = make_cpu_backend(1);
  const auto statsOf = [](float value) {
    auto stats = std::make_shared<ActivationStats>();
    for (SiteStats& site : stats->sites) {
      site.gram = Tensor::zeros(DType::F32, {8, 8});
      site.gram.as<float>()[0] = value;
    }
    return stats;
  };
  // Each is 1024 bytes: one fits the device, two the host.
  StatsCache cache(1500, backend.get(), 2500);
  for (std::int64_t block = 0; block < 4; ++block) {
    cache.put(block, statsOf(static_cast<float>(block)));
  }
  QCOMPARE(cache.bytes(), std::int64_t{1024});
  QCOMPARE(cache.hostBytes(), std::int64_t{2048});
  QVERIFY(cache.get(0) == nullptr);
  const auto back = cache.get(1);
  QVERIFY(back != nullptr);
  QCOMPARE(back->sites[0].gram.as<float>()[0], 1.0F);
  QCOMPARE(cache.bytes(), std::int64_t{1024});
  QVERIFY(cache.get(3) != nullptr);
  cache.clear();
  QCOMPARE(cache.bytes() + cache.hostBytes(), std::int64_t{0});
}

void WindowModelsTest::aRunStateFollowsTheEventsOfARun() {
  const Plan plan = smallPlan();
  RunState state = plannedRun(std::make_shared<const Plan>(plan));
  QCOMPARE(state.linears.size(), std::size_t{210});
  double before = 0;
  for (const Event& event : tests::recorded_events(plan)) {
    ui::apply(state, event);
    QVERIFY(state.progress() + 0.02 >= before);
    before = state.progress();
  }
  QCOMPARE(state.phase, RunPhase::Finished);
  QCOMPARE(state.doneLinears(), std::int64_t{210});
  QVERIFY(state.profileOf({28, LinearRole::Down}) != nullptr);
  QCOMPARE(state.profileOf({28, LinearRole::Down})->magnitude.size(), std::size_t{1536});
  QVERIFY(state.find({28, LinearRole::Down})->result->report.error_cut() > 1.0);
}

void WindowModelsTest::itemModelsHoldTheirContracts() {
  const auto mode = QAbstractItemModelTester::FailureReportingMode::QtTest;
  LinearTableModel table;
  const QAbstractItemModelTester tableTester(&table, mode);
  const Plan plan = smallPlan();
  RunState state = plannedRun(std::make_shared<const Plan>(plan));
  table.setState(std::make_shared<const RunState>(state));
  QSignalSpy resets(&table, &QAbstractItemModel::modelReset);
  for (const Event& event : tests::recorded_events(plan)) ui::apply(state, event);
  table.setState(std::make_shared<const RunState>(state));
  QCOMPARE(resets.count(), 0);
  QCOMPARE(table.rowCount(), 210);
  QCOMPARE(table.rowOf({1, LinearRole::Key}), 8);

  LogModel log;
  const QAbstractItemModelTester logTester(&log, mode);
  for (int i = 0; i < LogModel::kLines + 5; ++i) log.add(LogKind::Note, QString::number(i));
  QCOMPARE(log.rowCount(), LogModel::kLines);

  ChatModel chat;
  const QAbstractItemModelTester chatTester(&chat, mode);
  chat.begin(QStringLiteral("hello"), ChatMode::FreeRunning);
  ChatToken token;
  token.text = "world";
  chat.add(token);
  chat.finish();
  QCOMPARE(chat.index(0).data(ChatModel::LeftRole).toString(), QStringLiteral("world"));
  chat.clear();
  QCOMPARE(chat.rowCount(), 0);

  CachedModelsModel cached;
  const QAbstractItemModelTester cachedTester(&cached, mode);
  cached.add({1, "/a", "a", "BF16", 1'000'000, 2'000'000, Verdict::Yes, 60, 200, ""});
  QCOMPARE(cached.index(0, CachedModelsModel::VerdictColumn).data().toString(),
           QStringLiteral("Yes, 1 to 4 min"));
  cached.clear();
}

void WindowModelsTest::recentsSurviveARestart() {
  const QTemporaryDir folder;
  QSettings settings(folder.filePath(QStringLiteral("a.ini")), QSettings::IniFormat);
  RecentsModel recents(settings);
  const QAbstractItemModelTester tester(&recents,
                                        QAbstractItemModelTester::FailureReportingMode::QtTest);
  for (int i = 0; i < RecentsModel::kEntries + 3; ++i) {
    RecentEntry entry;
    entry.source = QStringLiteral("/model/%1").arg(i);
    entry.name = QString::number(i);
    entry.blocks = 1;
    entry.cells = {1.5F, std::nanf("")};
    recents.remember(entry);
  }
  QCOMPARE(recents.rowCount(), RecentsModel::kEntries);
  const RecentsModel again(settings);
  QCOMPARE(again.rowCount(), RecentsModel::kEntries);
  QCOMPARE(again.entries().front().name, QStringLiteral("10"));
  QCOMPARE(again.entries().front().cells.front(), 1.5F);
  QVERIFY(std::isnan(again.entries().front().cells.back()));
  recents.forget(0);
  QCOMPARE(recents.rowCount(), RecentsModel::kEntries - 1);
}

void WindowModelsTest::aRunReplacesItsModelAmongTheRecents() {
  const QTemporaryDir folder;
  QSettings settings(folder.filePath(QStringLiteral("b.ini")), QSettings::IniFormat);
  RecentsModel recents(settings);
  Knobs knobs;
  knobs.scheme = {3, 32, Symmetry::Symmetric};
  knobs.calibration = {"/texts/my text.txt", 16, 256};
  knobs.linears[{4, LinearRole::Up}] = {0.35, 8, false};
  knobs.linears[{5, LinearRole::Down}].keepFp16 = true;
  RecentEntry entry;
  entry.source = QStringLiteral("/model");
  recents.remember(entry);
  entry.target = QStringLiteral("/run");
  entry.stage = RecentStage::Unfinished;
  entry.knobs = knobsText(knobs);
  recents.remember(entry);
  QCOMPARE(recents.rowCount(), 1);
  const RecentsModel again(settings);
  const std::optional<Knobs> read = readKnobsText(again.entries().front().knobs);
  QVERIFY(read && *read == knobs);
  QVERIFY(!readKnobsText(QStringLiteral("{\"bits\":-1}")));
  QVERIFY(!readKnobsText(QStringLiteral("no json")));
}

void WindowModelsTest::knobsUndoAndRedoAndDragsMerge() {
  KnobSettings settings;
  QSignalSpy spy(&settings, &KnobSettings::changed);
  Knobs knobs = settings.knobs();
  knobs.scheme.bits = 3;
  settings.change(QStringLiteral("3 bits"), knobs);
  QCOMPARE(settings.knobs().scheme.bits, 3);
  for (const double share : {0.02, 0.03, 0.04}) {
    knobs.salientShare = share;
    settings.change(QStringLiteral("salient"), knobs, KnobKey::SalientShare);
  }
  QCOMPARE(settings.undoStack().count(), 2);
  settings.undoStack().undo();
  QCOMPARE(settings.knobs().salientShare, 0.01);
  settings.undoStack().undo();
  QCOMPARE(settings.knobs().scheme.bits, 4);
  settings.undoStack().redo();
  QCOMPARE(settings.knobs().scheme.bits, 3);
  const auto before = spy.count();
  settings.change(QStringLiteral("nothing"), settings.knobs());
  QCOMPARE(spy.count(), before);
}

void WindowModelsTest::aRuleOfOneLinearMatchesThatLinearAlone() {
  const Plan plan = smallPlan();
  Knobs knobs;
  knobs.linears[{3, LinearRole::Down}].keepFp16 = true;
  const JobOptions options = jobOptions(knobs, {"in", "out", ""}, &plan);
  QCOMPARE(options.layers.size(), std::size_t{1});
  QCOMPARE(options.layers[0].pattern, std::string("^model\\.layers\\.3\\.mlp\\.down_proj$"));
  QVERIFY(settingsFor(knobs, {3, LinearRole::Down}).keep_fp16);
  QVERIFY(!settingsFor(knobs, {13, LinearRole::Down}).keep_fp16);
}

void WindowModelsTest::theCommandLineSaysWhatTheKnobsSay() {
  Knobs knobs;
  knobs.scheme = {3, 128, Symmetry::Symmetric};
  knobs.clip = ClipMode::Off;
  knobs.calibration.samples = 16;
  knobs.linears[{0, LinearRole::Query}].alpha = 0.35;
  const Plan plan = smallPlan();
  const std::string line = commandLine(jobOptions(knobs, {"my model", "out", ""}, &plan));
  QCOMPARE(QString::fromStdString(line),
           QStringLiteral("salient quantize 'my model' -o out -b 3 -g 128 --sym --no-clip "
                          "--samples 16 --layer "
                          "'^model\\.layers\\.0\\.self_attn\\.q_proj$=alpha:0.35'"));
}

void WindowModelsTest::answersToOldQuestionsAreDropped() {
  const auto inbox = std::make_shared<Inbox>();
  tests::RecordedEngine engine(inbox);
  Session session(engine, {});
  session.open("/models/a");
  session.open("/models/b");
  const std::vector<Message> messages = inbox->drain();
  QCOMPARE(messages.size(), std::size_t{2});
  session.take({messages[0]});
  QVERIFY(!session.run().plan);
  session.take({messages[1]});
  QVERIFY(session.run().plan != nullptr);
}

QTEST_GUILESS_MAIN(WindowModelsTest)
#include "window_models_test.moc"
