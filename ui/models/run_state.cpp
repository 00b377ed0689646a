// SPDX-License-Identifier: Apache-2.0
#include "ui/models/run_state.h"

#include <algorithm>
#include <stdexcept>

namespace salient::ui {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

SiteProfile profileFrom(const SiteStats& stats) {
  SiteProfile profile;
  profile.magnitude = stats.magnitude;
  profile.tokens = stats.tokens;
  const std::size_t features = stats.magnitude.size();
  // An old record has none: what they would say is then left unsaid.
  if (stats.energy.size() != features || stats.tokens <= 0) return profile;
  for (const float energy : stats.energy) {
    profile.energy.push_back(energy / static_cast<float>(stats.tokens));
  }
  return profile;
}

LinearState* findMutable(RunState& state, const LinearId& id) {
  const auto found = std::find_if(state.linears.begin(), state.linears.end(),
                                  [&](const LinearState& linear) { return linear.id == id; });
  return found == state.linears.end() ? nullptr : &*found;
}

void addTrial(RunState& state, const AlphaTried& event) {
  state.current = event.linear;
  LinearState* linear = findMutable(state, event.linear);
  if (linear == nullptr) return;
  linear->stage = LinearStage::Running;
  linear->trials.push_back(event.trial);
}

void addResult(RunState& state, const LinearQuantized& event) {
  LinearState* linear = findMutable(state, event.report.id);
  if (linear == nullptr) return;
  linear->settings = event.report.settings;
  linear->stage = event.report.settings.keep_fp16 ? LinearStage::Kept : LinearStage::Done;
  linear->trials = event.report.curve.trials;
  linear->result =
      std::make_shared<const LinearResult>(LinearResult{event.report, event.channel_scales});
}

void addProfile(RunState& state, const StatsMeasured& event) {
  if (event.block < 0 || !event.stats) return;
  const auto block = static_cast<std::size_t>(event.block);
  if (state.profiles.size() <= block) state.profiles.resize(block + 1);
  auto profile = std::make_shared<BlockProfile>();
  for (const Site site : kSites) (*profile)[index_of(site)] = profileFrom((*event.stats)[site]);
  state.profiles[block] = std::move(profile);
}

void finish(RunState& state, const RunFinished& event) {
  state.finished = event;
  state.peakRssBytes = std::max(state.peakRssBytes, event.peak_rss_bytes);
  state.secondsLeft.reset();
  state.current.reset();
  state.currentBlock = -1;
  switch (event.outcome) {
    case Outcome::Done:
      state.phase = RunPhase::Finished;
      return;
    case Outcome::Cancelled:
      state.phase = RunPhase::Cancelled;
      return;
    case Outcome::Failed:
      state.phase = RunPhase::Failed;
      return;
  }
}

}  // namespace

std::string modelName(const Plan& plan) {
  const std::filesystem::path& source = plan.options.source;
  if (source.extension() != ".gguf") return plan.config.name;
  const std::string stem = source.stem().string();
  return stem.substr(0, stem.find('.'));
}

const LinearState* RunState::find(const LinearId& id) const {
  const auto found = std::find_if(linears.begin(), linears.end(),
                                  [&](const LinearState& linear) { return linear.id == id; });
  return found == linears.end() ? nullptr : &*found;
}

const SiteProfile* RunState::profileOf(const LinearId& id) const {
  const auto block = static_cast<std::size_t>(id.block);
  if (!plan || id.block < 0 || block >= profiles.size() || !profiles[block]) return nullptr;
  const Architecture* architecture = find_architecture(plan->config.model_type);
  if (architecture == nullptr || !architecture->has(id.role)) return nullptr;
  return &(*profiles[block])[index_of(architecture->row(id.role).input)];
}

std::int64_t RunState::doneLinears() const {
  return std::count_if(linears.begin(), linears.end(),
                       [](const LinearState& linear) { return linear.stage == LinearStage::Done; });
}

double RunState::progress() const {
  if (phase == RunPhase::Finished) return 1.0;
  if (phase == RunPhase::Exporting) return 0.97 + 0.03 * exportShare;
  if (!plan || plan->config.num_layers <= 0) return 0.0;
  const auto blocks = static_cast<double>(plan->config.num_layers);
  // Measuring and searching take about half of a block's time each.
  double inBlock = 0.0;
  if (calibrationWindows > 0) {
    inBlock =
        0.5 * static_cast<double>(calibratedWindows) / static_cast<double>(calibrationWindows);
  }
  const auto finishedHere =
      std::count_if(linears.begin(), linears.end(), [this](const LinearState& linear) {
        return linear.id.block == currentBlock && linear.stage != LinearStage::Planned &&
               linear.stage != LinearStage::Running;
      });
  const double inEach = static_cast<double>(plan->linears.size()) / blocks;
  if (inEach > 0) inBlock += 0.5 * static_cast<double>(finishedHere) / inEach;
  const double before = static_cast<double>(std::max<std::int64_t>(currentBlock, firstBlock));
  return std::min(0.97, 0.97 * (before + std::min(inBlock, 1.0)) / blocks);
}

RunState plannedRun(std::shared_ptr<const Plan> plan) {
  RunState state;
  state.phase = RunPhase::Planned;
  for (std::size_t i = 0; i < plan->linears.size(); ++i) {
    LinearState linear;
    linear.id = plan->linears[i];
    if (i < plan->settings.size()) linear.settings = plan->settings[i];
    if (linear.settings.keep_fp16) linear.stage = LinearStage::Kept;
    state.linears.push_back(std::move(linear));
  }
  state.profiles.resize(static_cast<std::size_t>(plan->config.num_layers));
  state.plan = std::move(plan);
  return state;
}

void apply(RunState& state, const Event& event) {
  std::visit(Overloaded{
                 [&](const RunStarted& started) {
                   state.phase = RunPhase::Running;
                   state.firstBlock = started.first_block;
                 },
                 [&](const WindowCalibrated& sample) {
                   state.currentBlock = sample.block;
                   state.calibratedWindows = sample.done;
                   state.calibrationWindows = sample.total;
                 },
                 [&](const BlockStarted& started) {
                   state.currentBlock = started.block;
                   state.calibratedWindows = 0;
                   state.calibrationWindows = 0;
                   state.current.reset();
                 },
                 [&](const StatsMeasured& measured) { addProfile(state, measured); },
                 [&](const AlphaTried& tried) { addTrial(state, tried); },
                 [&](const LinearQuantized& quantized) { addResult(state, quantized); },
                 [&](const BlockFinished& finished) {
                   state.secondsLeft = finished.seconds_left;
                   state.peakRssBytes = std::max(state.peakRssBytes, finished.peak_rss_bytes);
                   state.current.reset();
                 },
                 [&](const ExportProgress& progress) {
                   state.phase = RunPhase::Exporting;
                   state.exportStep = progress.step;
                   state.exportShare = progress.share;
                 },
                 [&](const RunPaused&) { state.phase = RunPhase::Paused; },
                 [&](const RunResumed&) { state.phase = RunPhase::Running; },
                 [&](const Warned& warned) { state.warnings.push_back(warned.sentence); },
                 [&](const RunFinished& finished) { finish(state, finished); },
             },
             event);
}

}  // namespace salient::ui
