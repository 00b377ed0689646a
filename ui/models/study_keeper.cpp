// SPDX-License-Identifier: Apache-2.0
#include "ui/models/study_keeper.h"

#include <algorithm>
#include <utility>

namespace salient::ui {

QString settingsLabel(const LinearSettings& settings) {
  QString label = QString::fromStdString(to_string(settings.scheme));
  if (settings.method == Method::Rtn) label += QStringLiteral(" RTN");
  if (settings.clip == ClipMode::Off) label += QStringLiteral(", no clip");
  return label;
}

StudyKeeper::StudyKeeper(EngineCommands& engine, const Selection& selection,
                         const KnobSettings& knobs, QObject* parent)
    : QObject(parent), engine_(engine), selection_(selection), knobs_(knobs) {}

void StudyKeeper::forget() {
  study_ = {};
  job_ = kNoJob;
}

void StudyKeeper::askAgain() {
  study_.stage = StudyStage::Nothing;
  job_ = kNoJob;
}

bool StudyKeeper::refresh(const RunState& state) {
  const bool had = study_.linear.has_value();
  const bool asked = lookAgain(state);
  const LinearState* linear = study_.linear ? state.find(*study_.linear) : nullptr;
  const std::size_t trials = linear == nullptr ? 0 : linear->trials.size();
  const bool measured = linear != nullptr && state.profileOf(linear->id) != nullptr;
  const bool landed = trials != trialsSeen_ || measured != measured_;
  trialsSeen_ = trials;
  measured_ = measured;
  return asked || landed || had != study_.linear.has_value() || (linear != nullptr && !measured);
}

bool StudyKeeper::lookAgain(const RunState& state) {
  const std::optional<LinearId>& selected = selection_.linear();
  const LinearState* linear = selected ? state.find(*selected) : nullptr;
  if (linear == nullptr) {
    forget();
    return false;
  }
  bool changed = false;
  if (study_.linear != selected) {
    changed = true;
    study_ = {};
    study_.linear = selected;
    job_ = kNoJob;
  }
  // Until the block's inputs are measured there is nothing to search from.
  if (state.profileOf(*selected) == nullptr) return changed;
  const LinearSettings settings = settingsFor(knobs_.knobs(), *selected);
  const bool asked = study_.stage != StudyStage::Nothing && study_.settings == settings;
  const bool runCaughtUp = study_.whatIf && linear->result && linear->settings == settings;
  // While the engine is at this very linear, its own trials are shown; asking would double them.
  const bool running = linear->stage == LinearStage::Running ||
                       (state.active() && linear->stage == LinearStage::Planned);
  if (running) {
    study_.settings = settings;
    return changed;
  }
  if (asked && !runCaughtUp) return changed;
  ask(state, *linear, settings);
  return true;
}

void StudyKeeper::keepGhost() {
  if (!study_.result || study_.result->report.curve.trials.size() < 2) return;
  const LinearReport& report = study_.result->report;
  const QString label = settingsLabel(report.settings);
  std::erase_if(study_.ghosts, [&](const GhostCurve& ghost) { return ghost.label == label; });
  study_.ghosts.push_back({label, report.curve, report.loss_rtn});
  if (study_.ghosts.size() > kGhosts) study_.ghosts.erase(study_.ghosts.begin());
}

void StudyKeeper::ask(const RunState& state, const LinearState& linear,
                      const LinearSettings& settings) {
  if (!(study_.settings == settings)) keepGhost();
  StudyRequest request;
  request.linear = linear.id;
  request.settings = settings;
  request.salientShare = knobs_.knobs().salientShare;
  for (const LinearId& id : scaleGroup(*state.plan, linear.id)) {
    request.groupSettings.push_back(settingsFor(knobs_.knobs(), id));
  }
  study_.whatIf = !linear.result || !(linear.settings == settings);
  if (!study_.whatIf) {
    request.known = {linear.result->report, linear.result->channelScales};
    study_.result = linear.result;
    study_.exact = true;
  }
  study_.settings = settings;
  study_.stage = StudyStage::Searching;
  study_.planesCurrent = false;
  study_.error.clear();
  std::erase_if(study_.ghosts, [label = settingsLabel(settings)](const GhostCurve& ghost) {
    return ghost.label == label;
  });
  job_ = engine_.study(request);
}

void StudyKeeper::take(const LinearSearched& searched) {
  study_.result =
      std::make_shared<const LinearResult>(LinearResult{searched.report, searched.channelScales});
  study_.exact = searched.exact;
  study_.seconds = searched.seconds;
}

bool StudyKeeper::take(const Message& message) {
  if (job_ == kNoJob) return false;
  const auto mine = [this](JobId job) { return job == job_; };
  if (const auto* searched = std::get_if<LinearSearched>(&message)) {
    if (!mine(searched->job)) return false;
    take(*searched);
    return true;
  }
  if (const auto* planes = std::get_if<PlanesMeasured>(&message)) {
    if (!mine(planes->job)) return false;
    study_.planes = planes->planes;
    study_.planesCurrent = true;
    return true;
  }
  if (const auto* table = std::get_if<FixedScalesMeasured>(&message)) {
    if (!mine(table->job)) return false;
    study_.fixedScales = table->rows;
    study_.stage = StudyStage::Complete;
    return true;
  }
  if (const auto* missing = std::get_if<LinearNotMeasured>(&message)) {
    if (!mine(missing->job)) return false;
    study_.stage = StudyStage::NotAtHand;
    return true;
  }
  const auto* failed = std::get_if<JobFailed>(&message);
  if (failed == nullptr || !mine(failed->job)) return false;
  if (failed->kind == ErrorKind::Cancelled) return true;
  study_.stage = StudyStage::Failed;
  study_.error = QString::fromStdString(failed->sentence);
  return true;
}

}  // namespace salient::ui
