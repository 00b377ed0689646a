// SPDX-License-Identifier: Apache-2.0
// The choice of the device: the menu over a made-up list, and the engine thread without a GPU.
#include <QMenu>
#include <QTemporaryDir>
#include <QTest>
#include <deque>

#include "app/resources.h"
#include "recorded_engine.h"
#include "recorded_run.h"
#include "ui/bridge/engine_thread.h"
#include "ui/models/session.h"
#include "ui/panes/device_picker.h"

using namespace salient;
using namespace salient::ui;

namespace {

/// A session over the recorded engine, with everything delivered.
struct Desk {
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  tests::RecordedEngine engine{inbox};
  Session session{engine, {}};
  DevicePicker picker{session};

  void deliver() {
    session.take(inbox->drain());
    picker.refresh();
  }
  QList<QAction*> actions() const { return picker.menu()->actions(); }
};

/// Waits for the next message of this kind; the others before it are passed over.
template <class Wanted>
std::optional<Wanted> await(Inbox& inbox) {
  static std::deque<Message> waiting;
  for (int i = 0; i < 500; ++i) {
    for (Message& message : inbox.drain()) waiting.push_back(std::move(message));
    while (!waiting.empty()) {
      const Message message = std::move(waiting.front());
      waiting.pop_front();
      if (const auto* found = std::get_if<Wanted>(&message)) return *found;
    }
    QTest::qWait(10);
  }
  return std::nullopt;
}

}  // namespace

class DeviceChoiceTest : public QObject {
  Q_OBJECT

 private slots:
  void theMenuNamesEveryDeviceWithItsFreeMemory();
  void withoutAGpuTheMenuSaysWhy();
  void aChosenDeviceIsAskedForAndShown();
  void aRunKeepsItsDevice();
  void anEngineWithoutThatGpuSaysSoAndStaysWithTheCpu();
  void aGpuPlansQuantizesAndTalks();
};

void DeviceChoiceTest::theMenuNamesEveryDeviceWithItsFreeMemory() {
  Desk desk;
  desk.session.listDevices();
  desk.deliver();
  QCOMPARE(desk.actions().size(), 3);
  QVERIFY(desk.actions()[0]->isChecked());
  QVERIFY(desk.actions()[1]->text().contains(QStringLiteral("NVIDIA H200")));
  QVERIFY(desk.actions()[1]->text().contains(QStringLiteral("120")));
  QVERIFY(desk.actions()[1]->isEnabled());
}

void DeviceChoiceTest::withoutAGpuTheMenuSaysWhy() {
  Desk desk;
  desk.engine.gpus = false;
  desk.session.listDevices();
  desk.deliver();
  QCOMPARE(desk.actions().size(), 2);
  QVERIFY(!desk.actions()[1]->isEnabled());
  QVERIFY(desk.actions()[1]->text().contains(QStringLiteral("no NVIDIA driver")));
}

void DeviceChoiceTest::aChosenDeviceIsAskedForAndShown() {
  Desk desk;
  desk.session.listDevices();
  desk.deliver();
  desk.actions()[2]->trigger();
  QCOMPARE(desk.engine.chosenDevice, std::string("cuda:1"));
  desk.deliver();
  QCOMPARE(desk.picker.text(), QStringLiteral("NVIDIA L4"));
  QVERIFY(desk.actions()[2]->isChecked());
  QVERIFY(!desk.actions()[0]->isChecked());
}

void DeviceChoiceTest::aRunKeepsItsDevice() {
  Desk desk;
  desk.session.listDevices();
  desk.session.open("model");
  desk.deliver();
  desk.session.quantize();
  desk.engine.advance(0);
  desk.deliver();
  QVERIFY(desk.session.run().active());
  QVERIFY(!desk.actions()[1]->isEnabled());
  QVERIFY(!desk.actions().back()->isEnabled());
  desk.session.chooseDevice("cuda:0");
  QVERIFY(desk.engine.chosenDevice.empty());
}

void DeviceChoiceTest::anEngineWithoutThatGpuSaysSoAndStaysWithTheCpu() {
  const auto inbox = std::make_shared<Inbox>();
  EngineThreadOptions options;
  options.threads = 1;
  EngineThread engine(inbox, options);
  engine.listDevices();
  const auto found = await<DevicesFound>(*inbox);
  QVERIFY(found.has_value());
  QCOMPARE(found->devices.front().request, std::string("cpu"));
  QCOMPARE(found->sentence.empty(), found->devices.size() > 1);
  engine.chooseDevice("cuda:99");
  const auto failed = await<JobFailed>(*inbox);
  QVERIFY(failed.has_value());
  QVERIFY(!failed->sentence.empty());
  engine.chooseDevice("cpu");
  const auto chosen = await<DeviceChosen>(*inbox);
  QVERIFY(chosen.has_value());
  QCOMPARE(chosen->device.name, std::string("CPU"));
}

void DeviceChoiceTest::aGpuPlansQuantizesAndTalks() {
  const std::string problem = cuda_problem();
  if (!problem.empty()) QSKIP(problem.c_str());
  const QTemporaryDir folder;
  const auto inbox = std::make_shared<Inbox>();
  EngineThreadOptions threadOptions;
  threadOptions.threads = 1;
  EngineThread engine(inbox, threadOptions);
  JobOptions options;
  options.source = app::toy_checkpoint();
  options.target = std::filesystem::path(folder.path().toStdString()) / "out";
  options.default_calibration_text = app::bundled_text("calibration");
  options.calibration.samples = 4;
  options.calibration.seq_len = 64;
  engine.open(options.source, options, {}, {});
  QVERIFY(await<ModelOpened>(*inbox).has_value());
  engine.chooseDevice("cuda");
  const auto chosen = await<DeviceChosen>(*inbox);
  QVERIFY(chosen.has_value());
  QCOMPARE(chosen->request, std::string("cuda:0"));
  engine.replan(options);
  const auto planned = await<ModelReplanned>(*inbox);
  QVERIFY(planned.has_value());
  engine.quantize(*planned->plan);
  std::optional<RunReported> run;
  do {
    run = await<RunReported>(*inbox);
  } while (run && !std::holds_alternative<RunFinished>(run->event));
  QVERIFY(run.has_value());
  QVERIFY(std::get<RunFinished>(run->event).outcome == Outcome::Done);
  engine.loadChat(options.source, options.target);
  const auto loaded = await<ChatLoaded>(*inbox);
  QVERIFY(loaded.has_value() && loaded->left && loaded->right);
  QVERIFY(std::filesystem::exists(options.target / "config.json"));
  ChatRequest request;
  request.prompt = "Hello";
  request.options.max_new_tokens = 8;
  engine.send(request);
  QVERIFY(await<ChatAnswered>(*inbox).has_value());
}

QTEST_MAIN(DeviceChoiceTest)
#include "device_choice_test.moc"
