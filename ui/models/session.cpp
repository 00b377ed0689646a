// SPDX-License-Identifier: Apache-2.0
#include "ui/models/session.h"

#include <algorithm>
#include <utility>

#include "ui/models/figures.h"

namespace salient::ui {
namespace {

/// A finished run is never written over: "name", "name-2", "name-3".
std::filesystem::path freeName(const std::filesystem::path& wanted) {
  std::filesystem::path name = wanted;
  std::error_code ignored;
  for (int i = 2; std::filesystem::exists(name, ignored); ++i) {
    name = wanted;
    name += "-" + std::to_string(i);
  }
  return name;
}

}  // namespace

Session::Session(EngineCommands& engine, BundledTexts texts, QObject* parent)
    : QObject(parent),
      engine_(engine),
      texts_(std::move(texts)),
      studies_(engine, selection_, knobs_),
      chat_(engine) {
  places_.defaultCalibrationText = texts_.calibration;
  connect(&knobs_, &KnobSettings::changed, this, &Session::onKnobsChanged);
  connect(&selection_, &Selection::linearChanged, this, &Session::onSelectionChanged);
  connect(&selection_, &Selection::channelChanged, this, [this] { emit updated(Change::Channel); });
  connect(&chat_, &ChatControl::modelsWanted, this, &Session::loadChat);
  connect(&chat_, &ChatControl::changed, this, [this] { emit updated(Change::Chat); });
}

RunState& Session::writable() {
  auto copy = std::make_shared<RunState>(*run_);
  RunState& state = *copy;
  run_ = std::move(copy);
  return state;
}

std::filesystem::path Session::defaultTarget(const std::filesystem::path& source,
                                             const Knobs& knobs) const {
  std::string name = source.filename().string();
  if (name.empty()) name = source.parent_path().filename().string();
  if (run_->plan) name = modelName(*run_->plan);
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string group = knobs.scheme.group_size == QuantScheme::kWholeRow
                                ? std::string("row")
                                : "g" + std::to_string(knobs.scheme.group_size);
  return freeName(texts_.runsFolder / (name + "-W" + std::to_string(knobs.scheme.bits) + group));
}

void Session::open(const std::filesystem::path& path,
                   const std::vector<std::filesystem::path>& knownModels) {
  if (run_->active()) return;
  close();
  places_.source = path;
  targetChosen_ = false;
  places_.target = defaultTarget(path, knobs_.knobs());
  std::vector<JobOptions> presets;
  for (const Preset preset : kPresets) {
    JobOptions options = jobOptions(
        withPreset(knobs_.knobs(), preset, knobs_.knobs().scheme.group_size), places_, nullptr);
    options.group_size_given = false;
    presets.push_back(std::move(options));
  }
  std::vector<std::filesystem::path> models = knownModels;
  models.insert(models.end(), {texts_.demo, texts_.toy});
  for (const CachedModelFound& model : cachedModels_.models()) models.push_back(model.path);
  log_.add(LogKind::Note, tr("Opening %1").arg(QString::fromStdString(path.string())));
  openJob_ = engine_.open(path, presets[1], presets, models);
  emit updated(Change::Plan);
}

void Session::resume(const std::filesystem::path& source, const std::filesystem::path& target,
                     const Knobs& knobs, bool start) {
  if (run_->active()) return;
  open(source);
  resuming_ = Resuming{target, knobs, start};
}

void Session::locateSource(const std::filesystem::path& path) {
  if (run_->phase != RunPhase::Finished || missingSource_.isEmpty()) return;
  open(std::filesystem::path(run_->plan->options.target), {path});
  located_ = QString::fromStdString(path.filename().string());
}

bool Session::canMeasure() const {
  return run_->plan && selection_.linear() && !run_->active() && !measuring_.running &&
         missingSource_.isEmpty();
}

void Session::measure() {
  if (!canMeasure()) return;
  MeasureRequest request{selection_.linear()->block, run_->plan->options};
  JobOptions& options = request.options;
  options.default_calibration_text = texts_.calibration;
  // A reopened run names its text without a path; one that was chosen since is taken for it.
  if (options.calibration_text.empty()) {
    options.calibration_text = knobs_.knobs().calibration.text;
  }
  measuring_ = {};
  measuring_.running = true;
  measuring_.block = request.block;
  measureJob_ = engine_.measure(request);
  emit updated(Change::Study);
}

void Session::stopMeasuring() {
  if (!measuring_.running) return;
  engine_.stopMeasuring();
  measuring_ = {};
  measureJob_ = kNoJob;
  emit updated(Change::Study);
}

void Session::close() {
  if (measuring_.running) engine_.stopMeasuring();
  measuring_ = {};
  measureJob_ = kNoJob;
  missingSource_.clear();
  located_.clear();
  resuming_.reset();
  run_ = std::make_shared<RunState>();
  presetPlans_.clear();
  evaluation_ = {};
  openError_.clear();
  openJob_ = runJob_ = evaluationJob_ = kNoJob;
  following_ = true;
  selecting_ = true;
  selection_.clear();
  selecting_ = false;
  studies_.forget();
  knobs_.reset(Knobs{});
  chat_.forget();
  emit updated(Changes(kEverything));
}

void Session::setTarget(const std::filesystem::path& target) {
  targetChosen_ = true;
  places_.target = target;
  onKnobsChanged();
}

void Session::scanCache(const std::filesystem::path& root) {
  cachedModels_.clear();
  cacheJob_ = engine_.scanCache(root);
}

void Session::listDevices() {
  engine_.listDevices();
}

void Session::chooseDevice(const std::string& request) {
  if (run_->active() || request == deviceInUse_) return;
  stopMeasuring();
  chat_.stop();
  engine_.chooseDevice(request);
}

void Session::quantize() {
  if (!run_->plan || run_->active()) return;
  stopMeasuring();
  auto plan = std::make_shared<Plan>(plannedNow_ ? *plannedNow_ : *run_->plan);
  plan->options.overwrite = false;
  run_ = std::make_shared<RunState>(plannedRun(plan));
  writable().phase = RunPhase::Running;
  evaluation_ = {};
  following_ = true;
  runJob_ = engine_.quantize(*plan);
  log_.add(LogKind::Note,
           tr("Quantizing to %1").arg(QString::fromStdString(plan->options.target.string())));
  studies_.forget();
  studies_.refresh(*run_);
  emit updated(Changes(kEverything));
}

void Session::pauseOrResume() {
  if (run_->phase == RunPhase::Paused) {
    engine_.resume();
  } else if (run_->active()) {
    engine_.pause();
  }
}

void Session::cancel() {
  if (run_->active()) engine_.cancel();
}

void Session::evaluate() {
  if (run_->phase != RunPhase::Finished || texts_.evaluation.empty() || evaluation_.running) return;
  EvaluationRequest request{*run_->plan, texts_.evaluation, texts_.evaluationName, {}};
  request.options.max_windows = 12;
  evaluation_ = {};
  evaluation_.running = true;
  evaluationJob_ = engine_.evaluate(request);
  emit updated(Change::Evaluation);
}

void Session::exportRun(ExportFormat format, const std::filesystem::path& target) {
  if (run_->phase != RunPhase::Finished) return;
  exportJob_ =
      engine_.exportRun(run_->plan->options.target, format, target, run_->plan->options.source);
  log_.add(LogKind::Note, tr("Exporting to %1").arg(QString::fromStdString(target.string())));
}

void Session::loadChat() {
  if (!run_->plan) return;
  const std::filesystem::path right =
      run_->phase == RunPhase::Finished ? run_->plan->options.target : std::filesystem::path();
  // A reopened run's plan knows what the model needs, not what is free.
  const std::int64_t free =
      device_.free_memory > 0 ? device_.free_memory : run_->plan->free_memory_bytes;
  const bool fits = run_->plan->fp16_bytes < free;
  const bool sourceThere = std::filesystem::exists(run_->plan->options.source);
  QString note;
  if (!sourceThere) note = tr("FP16 is not at hand: its files are no longer where they were.");
  if (sourceThere && !fits && !right.empty()) {
    note = tr("FP16 is not loaded: its weights do not fit in free memory.");
  }
  chat_.load(note.isEmpty() ? run_->plan->options.source : std::filesystem::path(), right, note);
}

bool Session::knobsDiffer() const {
  return run_->plan && plannedNow_ && run_->plan->settings != plannedNow_->settings;
}

void Session::pointAtStrongest() {
  const std::optional<LinearId>& linear = selection_.linear();
  const SiteProfile* profile = linear ? run_->profileOf(*linear) : nullptr;
  if (profile == nullptr || profile->magnitude.empty() || selection_.channel()) return;
  const std::vector<float>& magnitude = profile->magnitude;
  selection_.selectChannel(std::max_element(magnitude.begin(), magnitude.end()) -
                           magnitude.begin());
}

void Session::onSelectionChanged() {
  if (!selecting_) following_ = false;
  pointAtStrongest();
  studies_.refresh(*run_);
  emit updated(Change::Study | Change::Channel);
}

void Session::onKnobsChanged() {
  if (!run_->plan) {
    emit updated(Change::Knobs);
    return;
  }
  // The next run after a finished one goes beside it.
  if ((!targetChosen_ && run_->phase == RunPhase::Planned) || run_->phase == RunPhase::Finished) {
    places_.target = defaultTarget(places_.source, knobs_.knobs());
  }
  // A reopened run whose model is gone has nothing to plan from.
  if (!places_.source.empty()) {
    openJob_ = engine_.replan(jobOptions(knobs_.knobs(), places_, run_->plan.get()));
  }
  studies_.refresh(*run_);
  emit updated(Change::Knobs | Change::Study);
}

}  // namespace salient::ui
