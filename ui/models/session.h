// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything the window shows, in one place without widgets: the open model, its run, the knobs,
// the selection, the study of the selected linear, the chat, the log. Messages go in once per
// drain; `updated` goes out once, saying what changed.

#include <QFlags>
#include <QObject>
#include <memory>

#include "ui/bridge/engine_commands.h"
#include "ui/models/cached_models_model.h"
#include "ui/models/chat_control.h"
#include "ui/models/knob_settings.h"
#include "ui/models/log_model.h"
#include "ui/models/run_state.h"
#include "ui/models/selection.h"
#include "ui/models/study_keeper.h"

namespace salient::ui {

enum class Change {
  Plan = 1,   ///< another model, another plan, the planned size
  Run = 2,    ///< cells, progress, phase
  Study = 4,  ///< the selected linear's curve, planes, table
  Chat = 8,
  Evaluation = 16,
  Knobs = 32,
  Channel = 64,
  Cache = 128,
};
Q_DECLARE_FLAGS(Changes, Change)
Q_DECLARE_OPERATORS_FOR_FLAGS(Changes)
inline constexpr int kEverything = 255;

/// Texts that come with the program, read by app.
struct BundledTexts {
  std::string calibration, evaluation;
  std::string evaluationName;
  std::filesystem::path toy;
  std::filesystem::path demo;        ///< empty: not downloaded
  std::filesystem::path runsFolder;  ///< where runs go unless the person says otherwise
};

struct EvaluationState {
  bool running = false;
  Compared what = Compared::Awq;
  std::int64_t done = 0, total = 0;
  std::optional<Evaluation> rtn, awq;
};

/// The inputs of one block being measured again, for its knobs.
struct MeasuringState {
  bool running = false;
  std::int64_t block = 0;
  std::int64_t done = 0, total = 0;  ///< windows, those of earlier blocks included
  QString error;                     ///< why the last one failed, one sentence
};

class Session : public QObject {
  Q_OBJECT
 public:
  Session(EngineCommands& engine, BundledTexts texts, QObject* parent = nullptr);

  const RunState& run() const { return *run_; }
  std::shared_ptr<const RunState> snapshot() const { return run_; }
  /// The plan for the knobs in force; the run's own is `run().plan`.
  const Plan* plannedNow() const { return plannedNow_.get(); }
  /// Whether a run now would differ from the finished one.
  bool knobsDiffer() const;
  const Study& study() const { return studies_.study(); }
  const EvaluationState& evaluation() const { return evaluation_; }
  const MeasuringState& measuring() const { return measuring_; }
  /// What a reopened run was made from, when that was not found; empty otherwise.
  const QString& missingSource() const { return missingSource_; }
  /// The file that was taken for it and is not; empty otherwise.
  const QString& wrongSource() const { return located_; }
  const std::vector<std::shared_ptr<const Plan>>& presetPlans() const { return presetPlans_; }
  const DeviceInfo& device() const { return device_; }
  const std::vector<DeviceChoice>& devices() const { return devices_; }
  /// Why there is no GPU among them, one sentence; empty when there is.
  const QString& deviceSentence() const { return deviceSentence_; }
  /// "cpu", "cuda:0": the one that works.
  const std::string& deviceInUse() const { return deviceInUse_; }
  const BundledTexts& texts() const { return texts_; }
  /// Why the last open failed, one sentence, empty when it did not.
  const QString& openError() const { return openError_; }
  const std::filesystem::path& source() const { return places_.source; }
  const std::filesystem::path& target() const { return places_.target; }

  Selection& selection() { return selection_; }
  KnobSettings& knobs() { return knobs_; }
  const KnobSettings& knobs() const { return knobs_; }
  ChatControl& chat() { return chat_; }
  LogModel& log() { return log_; }
  CachedModelsModel& cachedModels() { return cachedModels_; }

  /// `knownModels` are places where the model of a finished run may be, the likeliest first.
  void open(const std::filesystem::path& path,
            const std::vector<std::filesystem::path>& knownModels = {});
  /// An unfinished run: the same source, place and knobs; `start` goes on at once.
  void resume(const std::filesystem::path& source, const std::filesystem::path& target,
              const Knobs& knobs, bool start);
  /// The model of the reopened run is there; the run is opened again with it.
  void locateSource(const std::filesystem::path& path);
  bool canMeasure() const;
  /// The selected linear's block, in the background.
  void measure();
  void stopMeasuring();
  void listDevices();
  /// Not while a run works. Models and statistics are made anew on it.
  void chooseDevice(const std::string& request);
  void setTarget(const std::filesystem::path& target);
  void scanCache(const std::filesystem::path& root);
  void quantize();
  void pauseOrResume();
  void cancel();
  void evaluate();
  void exportRun(ExportFormat format, const std::filesystem::path& target);
  /// Source left, finished run right; the source alone when there is no run.
  void loadChat();
  void close();

 public slots:
  void take(const std::vector<salient::ui::Message>& messages);

 signals:
  void updated(salient::ui::Changes changes);
  void runFinished();
  void exported(const QString& target);

 private:
  Changes takeOne(const Message& message);
  Changes takeRun(const RunReported& reported);
  void takeOpened(const ModelOpened& opened);
  void takeReopened(const RunReopened& reopened);
  Changes takeMeasured(const BlockMeasured& measured);
  void takeDevice(const DeviceChosen& chosen);
  void takeFailure(const JobFailed& failed);
  void follow(const Event& event);
  void selectFirst();
  void onKnobsChanged();
  void onSelectionChanged();
  /// Every view has a channel to show as soon as the linear's inputs are measured.
  void pointAtStrongest();
  std::filesystem::path defaultTarget(const std::filesystem::path& source,
                                      const Knobs& knobs) const;
  RunState& writable();

  EngineCommands& engine_;
  BundledTexts texts_;
  std::shared_ptr<const RunState> run_ = std::make_shared<RunState>();
  std::shared_ptr<const Plan> plannedNow_;
  std::vector<std::shared_ptr<const Plan>> presetPlans_;
  DeviceInfo device_;
  std::vector<DeviceChoice> devices_;
  QString deviceSentence_;
  std::string deviceInUse_ = "cpu";
  EvaluationState evaluation_;
  struct Resuming {
    std::filesystem::path target;
    Knobs knobs;
    bool start = false;
  };
  std::optional<Resuming> resuming_;
  MeasuringState measuring_;
  QString missingSource_, located_;
  QString openError_;
  JobPlaces places_;
  bool targetChosen_ = false;
  bool following_ = true;  ///< the selection walks with the engine until a person selects
  bool selecting_ = false;
  JobId openJob_ = kNoJob, runJob_ = kNoJob, evaluationJob_ = kNoJob, exportJob_ = kNoJob,
        cacheJob_ = kNoJob, measureJob_ = kNoJob;
  Selection selection_;
  KnobSettings knobs_;
  StudyKeeper studies_;
  ChatControl chat_;
  LogModel log_;
  CachedModelsModel cachedModels_;
};

}  // namespace salient::ui
