// SPDX-License-Identifier: Apache-2.0
// The half of Session that takes what the engine says.
#include <algorithm>
#include <utility>

#include "ui/models/figures.h"
#include "ui/models/session.h"

namespace salient::ui {
namespace {

/// What a run is worth saying in the log.
QString logLine(const Plan& plan, const Event& event) {
  if (const auto* started = std::get_if<RunStarted>(&event)) {
    return started->first_block > 0
               ? Session::tr("Resumed at block %1 of %2")
                     .arg(started->first_block)
                     .arg(started->num_blocks)
               : Session::tr("Run of %1 blocks started").arg(started->num_blocks);
  }
  if (const auto* quantized = std::get_if<LinearQuantized>(&event)) {
    const LinearReport& report = quantized->report;
    return QStringLiteral("%1  α %2  loss %3 → %4  %5")
        .arg(figures::linearName(plan, report.id))
        .arg(report.alpha, 0, 'f', 2)
        .arg(figures::loss(report.loss_rtn), figures::loss(report.loss),
             figures::times(report.error_cut()));
  }
  if (const auto* finished = std::get_if<BlockFinished>(&event)) {
    return Session::tr("Block %1 finished in %2")
        .arg(finished->block)
        .arg(figures::seconds(finished->seconds));
  }
  if (std::holds_alternative<RunPaused>(event)) return Session::tr("Paused");
  if (std::holds_alternative<RunResumed>(event)) return Session::tr("Resumed");
  return {};
}

}  // namespace

void Session::take(const std::vector<Message>& messages) {
  Changes changes;
  const bool hasRun = std::any_of(messages.begin(), messages.end(), [](const Message& message) {
    return std::holds_alternative<RunReported>(message);
  });
  if (hasRun) writable();
  bool finished = false;
  for (const Message& message : messages) {
    changes |= takeOne(message);
    const auto* run = std::get_if<RunReported>(&message);
    finished = finished || (run != nullptr && run->job == runJob_ &&
                            std::holds_alternative<RunFinished>(run->event));
  }
  if (changes.testFlag(Change::Run)) {
    pointAtStrongest();
    if (studies_.refresh(*run_)) changes |= Change::Study;
  }
  if (changes) emit updated(changes);
  if (finished) emit runFinished();
}

Changes Session::takeOne(const Message& message) {
  if (studies_.take(message)) return Change::Study;
  if (chat_.take(message)) return Change::Chat;
  if (const auto* run = std::get_if<RunReported>(&message)) return takeRun(*run);
  if (const auto* opened = std::get_if<ModelOpened>(&message)) {
    if (opened->job != openJob_) return {};
    takeOpened(*opened);
    return Changes(kEverything);
  }
  if (const auto* reopened = std::get_if<RunReopened>(&message)) {
    if (reopened->job != openJob_) return {};
    takeReopened(*reopened);
    return Changes(kEverything);
  }
  if (const auto* replanned = std::get_if<ModelReplanned>(&message)) {
    if (replanned->job != openJob_) return {};
    plannedNow_ = replanned->plan;
    if (run_->phase == RunPhase::Planned) {
      RunState planned = plannedRun(replanned->plan);
      planned.profiles = run_->profiles;
      run_ = std::make_shared<const RunState>(std::move(planned));
    }
    const std::optional<Resuming> resuming = std::exchange(resuming_, std::nullopt);
    if (resuming && resuming->start && replanned->plan->resumes) {
      QMetaObject::invokeMethod(this, &Session::quantize, Qt::QueuedConnection);
    }
    return Change::Plan | Change::Run;
  }
  if (const auto* progress = std::get_if<EvaluationProgressed>(&message)) {
    if (progress->job != evaluationJob_) return {};
    evaluation_.done = progress->done;
    evaluation_.total = progress->total;
    evaluation_.what = progress->what;
    return Change::Evaluation;
  }
  if (const auto* measured = std::get_if<EvaluationMeasured>(&message)) {
    if (measured->job != evaluationJob_) return {};
    (measured->what == Compared::Rtn ? evaluation_.rtn : evaluation_.awq) = measured->evaluation;
    evaluation_.running = !(evaluation_.rtn && evaluation_.awq);
    return Change::Evaluation;
  }
  if (const auto* progress = std::get_if<BlockMeasuring>(&message)) {
    if (progress->job != measureJob_) return {};
    measuring_.done = progress->done;
    measuring_.total = progress->total;
    return Change::Study;
  }
  if (const auto* measured = std::get_if<BlockMeasured>(&message)) return takeMeasured(*measured);
  if (const auto* found = std::get_if<CachedModelFound>(&message)) {
    if (found->job == cacheJob_) cachedModels_.add(*found);
    return Change::Cache;
  }
  if (const auto* scanned = std::get_if<CacheScanned>(&message)) {
    device_ = scanned->device;
    return Change::Cache | Change::Plan;
  }
  if (const auto* found = std::get_if<DevicesFound>(&message)) {
    devices_ = found->devices;
    deviceSentence_ = QString::fromStdString(found->sentence);
    return Change::Plan;
  }
  if (const auto* chosen = std::get_if<DeviceChosen>(&message)) {
    takeDevice(*chosen);
    return Changes(kEverything);
  }
  if (const auto* done = std::get_if<Exported>(&message)) {
    const QString target = QString::fromStdString(done->target.string());
    log_.add(LogKind::Note, tr("Exported %1").arg(target));
    emit exported(target);
    return {};
  }
  if (const auto* failed = std::get_if<JobFailed>(&message)) {
    takeFailure(*failed);
    return Changes(kEverything);
  }
  return {};
}

void Session::takeDevice(const DeviceChosen& chosen) {
  deviceInUse_ = chosen.request;
  device_ = chosen.device;
  const QString name = QString::fromStdString(device_.name);
  log_.add(LogKind::Note, tr("Working on %1 now").arg(name));
  studies_.forget();
  if (!run_->plan) return;
  const bool chatting = chat_.left() || chat_.right();
  chat_.forget();
  // Plans differ by device: memory, time, the last bits of the numbers.
  onKnobsChanged();
  if (chatting) loadChat();
}

Changes Session::takeRun(const RunReported& reported) {
  if (reported.job != runJob_) return {};
  const QString line = logLine(*run_->plan, reported.event);
  if (!line.isEmpty()) log_.add(LogKind::Note, line);
  if (const auto* warned = std::get_if<Warned>(&reported.event)) {
    log_.add(LogKind::Warning, QString::fromStdString(warned->sentence));
  }
  if (const auto* finished = std::get_if<RunFinished>(&reported.event)) {
    const bool done = finished->outcome == Outcome::Done;
    log_.add(done ? LogKind::Note : LogKind::Warning,
             done ? tr("Finished in %1").arg(figures::seconds(finished->seconds))
                  : QString::fromStdString(finished->sentence));
  }
  apply(writable(), reported.event);
  follow(reported.event);
  return Change::Run;
}

void Session::follow(const Event& event) {
  const auto* ended = std::get_if<RunFinished>(&event);
  if (ended != nullptr && following_ && ended->outcome == Outcome::Done) selectFirst();
  const auto* finished = std::get_if<BlockFinished>(&event);
  if (finished == nullptr || !following_) return;
  // One picture per block: its linear with the largest error cut, where AWQ is seen best.
  const LinearState* best = nullptr;
  for (const LinearState& linear : run_->linears) {
    if (linear.id.block != finished->block || !linear.result) continue;
    if (best == nullptr || linear.result->report.error_cut() > best->result->report.error_cut()) {
      best = &linear;
    }
  }
  if (best == nullptr) return;
  selecting_ = true;
  selection_.select(best->id);
  selecting_ = false;
}

void Session::takeOpened(const ModelOpened& opened) {
  run_ = std::make_shared<const RunState>(plannedRun(opened.plan));
  plannedNow_ = opened.plan;
  presetPlans_ = opened.alternatives;
  device_ = opened.device;
  openError_.clear();
  Knobs knobs;
  knobs.scheme = opened.plan->options.scheme;
  knobs.method = opened.plan->options.method;
  knobs.clip = opened.plan->options.clip;
  if (resuming_) knobs = resuming_->knobs;
  openJob_ = kNoJob;
  knobs_.reset(knobs);
  places_.target = resuming_ ? resuming_->target : defaultTarget(places_.source, knobs);
  targetChosen_ = resuming_.has_value();
  // The first plan was made before the name and the group size were known.
  openJob_ = engine_.replan(jobOptions(knobs, places_, opened.plan.get()));
  for (const std::string& warning : opened.plan->warnings) {
    log_.add(LogKind::Warning, QString::fromStdString(warning));
  }
}

void Session::takeReopened(const RunReopened& reopened) {
  RunState state = plannedRun(reopened.plan);
  for (const Event& event : reopened.events) apply(state, event);
  run_ = std::make_shared<const RunState>(std::move(state));
  plannedNow_ = reopened.plan;
  device_ = reopened.device;
  places_.source = reopened.plan->options.source;
  places_.target = reopened.plan->options.target;
  missingSource_ = places_.source.empty() ? QString::fromStdString(reopened.sourceName) : QString();
  targetChosen_ = true;
  following_ = false;
  evaluation_.rtn = reopened.rtn;
  evaluation_.awq = reopened.awq;
  const Knobs knobs = knobsOf(*reopened.plan);
  openJob_ = kNoJob;
  knobs_.reset(knobs);
  selectFirst();
}

Changes Session::takeMeasured(const BlockMeasured& measured) {
  if (measured.job != measureJob_) return {};
  measuring_ = {};
  measureJob_ = kNoJob;
  log_.add(LogKind::Note, tr("Measured block %1").arg(measured.block));
  apply(writable(), StatsMeasured{measured.block, measured.stats});
  pointAtStrongest();
  studies_.askAgain();
  studies_.refresh(*run_);
  return Change::Study | Change::Channel;
}

void Session::selectFirst() {
  // Where AWQ helped most: something worth seeing is seen at once.
  const LinearState* best = nullptr;
  for (const LinearState& linear : run_->linears) {
    if (!linear.result) continue;
    if (best == nullptr || linear.result->report.error_cut() > best->result->report.error_cut()) {
      best = &linear;
    }
  }
  if (best == nullptr) return;
  selecting_ = true;
  selection_.select(best->id);
  selecting_ = false;
}

void Session::takeFailure(const JobFailed& failed) {
  const bool measuring = failed.job == measureJob_ && measureJob_ != kNoJob;
  if (measuring) measuring_ = {};
  if (failed.kind == ErrorKind::Cancelled) return;
  const QString sentence = QString::fromStdString(failed.sentence);
  if (measuring) measuring_.error = sentence;
  log_.add(LogKind::Error, sentence);
  if (failed.job == openJob_) openError_ = sentence;
  if (failed.job == evaluationJob_) evaluation_.running = false;
  if (failed.job == runJob_) {
    RunFinished finished;
    finished.outcome = Outcome::Failed;
    finished.error_kind = failed.kind;
    finished.sentence = failed.sentence;
    apply(writable(), finished);
  }
}

}  // namespace salient::ui
