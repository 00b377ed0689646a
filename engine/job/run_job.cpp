// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <sys/resource.h>

#include "engine/backend/device_error.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"
#include "engine/export/folded_weights.h"
#include "engine/export/model_layout.h"
#include "engine/job/block_reader.h"
#include "engine/job/calibration_text.h"
#include "engine/job/journal.h"
#include "engine/job/plan_identity.h"
#include "engine/job/run_log.h"
#include "engine/job/run_record.h"
#include "engine/report/model_card.h"

namespace salient {
namespace {

std::int64_t peak_rss_bytes() {
  rusage usage{};
  // Linux counts in KiB.
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? std::int64_t{usage.ru_maxrss} * 1024 : 0;
}

/// Seconds between two copies of the hidden states, for each second that one takes.
constexpr double kActivationPause = 9;

std::string digest_of(const CalibrationWindows& windows) {
  Sha256 digest;
  for (const std::vector<std::int32_t>& window : windows.windows) {
    const auto length = static_cast<std::uint64_t>(window.size());
    digest.update(std::as_bytes(std::span(&length, 1)));
    digest.update(std::as_bytes(std::span(window)));
  }
  return digest.hex_digest();
}

/// The embedding in the precision it is stored in, so that nothing is lost and nothing is doubled.
DType table_dtype(const Checkpoint& source, const DecoderShape& shape) {
  const TensorInfo* info = source.find(shape.architecture->embedding);
  if (info != nullptr && info->stored_type == "F16") return DType::F16;
  return info != nullptr && info->stored_type == "BF16" ? DType::BF16 : DType::F32;
}

/// One run from source to published folder; every member function is one stage.
class Run {
 public:
  Run(Backend& backend, const Plan& plan, RunControl& control, const EventSink& sink,
      const SecondsClock& seconds)
      : backend_(backend), plan_(plan), control_(control), sink_(sink), seconds_(seconds) {}

  void execute() {
    check_target(plan_.options.target, existing());
    job_ = std::make_unique<JobFolder>(system_files(), plan_.options.target);
    identity_ = plan_identity(plan_);
    settle_plan_file();
    plan_settled_ = true;
    log_.emplace(job_->folder().path());
    step();
    open_source();
    step();
    read_windows();
    step();
    journal_.emplace(*job_, shape_, job_id_of(identity_),
                     sha256_hex(job_id_of(identity_) + digest_of(windows_)), control_.stop_token());
    const std::int64_t finished = journal_->recover();
    tell(RunStarted{shape_.config.num_layers, finished});
    for (const std::string& warning : warnings_) tell(Warned{warning});
    replay(finished);
    if (finished < shape_.config.num_layers) run_blocks(finished);
    export_result();
  }

  /// After anything but success: the reason is kept with what can be gone on from. That is nothing
  /// where no block is finished, or where the source itself was refused.
  void close(const RunFinished& end) noexcept {
    try {
      if (!plan_settled_) return;
      log_->add(end);
      if (!source_refused_ && count_steps(job_->folder().path()) > 0) return;
      remove_journal_files(job_->folder());
      job_->remove();
    } catch (const std::exception&) {
      // The failure itself is what is told.
      return;
    }
  }

 private:
  CalibrationState on_host(const CalibrationState& state) {
    CalibrationState host;
    for (const Tensor& hidden : state.hidden) host.hidden.push_back(backend_.download(hidden));
    return host;
  }

  ExistingTarget existing() const {
    return plan_.options.overwrite ? ExistingTarget::Replace : ExistingTarget::Refuse;
  }

  void tell(const Event& event) {
    log_->add(event);
    sink_(event);
  }

  void step() {
    double paused_at = 0;
    control_.checkpoint([&](bool paused) {
      if (paused) {
        paused_at = seconds_();
        tell(RunPaused{});
      } else {
        paused_seconds_ += seconds_() - paused_at;
        tell(RunResumed{});
      }
    });
  }

  /// Pauses left out, so that they make no block look slow.
  double working_seconds() const { return seconds_() - paused_seconds_; }

  /// The journal's plan is this one; another one goes only when the user asked to start over.
  void settle_plan_file() {
    const std::filesystem::path path = job_->folder().path() / "plan.json";
    if (std::filesystem::exists(path)) {
      std::string differs;
      try {
        differs = difference(read_plan_file(path), identity_);
      } catch (const Error& error) {
        differs = error.what();
      }
      if (differs.empty()) return;
      if (!plan_.options.overwrite) refuse_other_plan(job_->folder().path(), differs);
    }
    remove_journal_files(job_->folder());
    put_file(job_->folder(), "plan.json", plan_file_text(identity_));
  }

  void open_source() {
    source_ = open_checkpoint(plan_.options.source, control_.stop_token());
    step();
    check_source_unchanged();
    shape_ = make_decoder_shape(*source_);
  }

  void check_source_unchanged() const {
    const std::unique_ptr<Checkpoint> now = open_checkpoint(plan_.options.source);
    Plan as_now = plan_;
    as_now.files = now->files();
    const std::string differs = difference(identity_, plan_identity(as_now));
    if (differs.empty()) return;
    throw Error(ErrorKind::BadInput, plan_.config.name + ": changed while in use (" + differs +
                                         "); plan again, so that no result mixes two versions");
  }

  bool is_source_unchanged() const {
    try {
      check_source_unchanged();
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  void read_windows() {
    const CalibrationText text = read_calibration_text(plan_.options);
    if (text.sha256 != plan_.calibration_sha256) {
      throw Error(ErrorKind::BadInput, text.name + ": changed since the plan was made; plan again");
    }
    const std::unique_ptr<Tokenizer> tokenizer =
        load_tokenizer(source_->tokenizer_source(), control_.stop_token());
    step();
    windows_ =
        make_windows(*tokenizer, text.text, plan_.options.calibration, control_.stop_token());
    if (!windows_.warning.empty()) warnings_.push_back(windows_.warning);
  }

  /// Tells about the blocks that an earlier attempt finished.
  void replay(std::int64_t finished) {
    for (std::int64_t block = 0; block < finished; ++block) {
      step();
      const BlockRecord record = journal_->read(block);
      tell(BlockStarted{block});
      auto stats = std::make_shared<ActivationStats>();
      for (const Site site : kSites) {
        const SiteRecord& kept = record.sites[index_of(site)];
        (*stats)[site].tokens = kept.tokens;
        (*stats)[site].magnitude = kept.magnitude;
        (*stats)[site].max = kept.max;
        (*stats)[site].energy = kept.energy;
      }
      tell(StatsMeasured{block, stats});
      tell_linears(record.block);
      tell(BlockFinished{block, 0, 0, peak_rss_bytes()});
      keep(record);
    }
  }

  void tell_linears(const QuantizedBlock& block) {
    for (std::size_t i = 0; i < block.reports.size(); ++i) {
      tell(LinearQuantized{block.reports[i], block.linears.at(i).channel_scales});
    }
  }

  void keep(const BlockRecord& record) {
    for (const LinearReport& report : record.block.reports) reports_.push_back(report);
    sites_.push_back(record.sites);
  }

  ActivationStats calibrate(std::int64_t index, const Block& block, CalibrationState& state) {
    const auto progress = [&](std::int64_t done, std::int64_t total) {
      tell(WindowCalibrated{index, done, total});
      step();
    };
    const std::int64_t kept =
        plan_.options.loss_site == LossSite::BlockOutput ? kBlockLossWindows : 0;
    return calibrate_block(backend_, shape_, block, state, control_.stop_token(), progress, kept);
  }

  /// The hidden states that enter `block`: from the journal, or computed again from the newest that
  /// it has.
  CalibrationState state_before(std::int64_t block) {
    auto found = journal_->activations(block);
    std::int64_t at = found ? found->first : 0;
    CalibrationState state;
    if (found) {
      state = std::move(found->second);
      for (Tensor& hidden : state.hidden) hidden = backend_.upload(hidden);
    } else {
      const Tensor embedding = load_embedding(*source_, shape_, table_dtype(*source_, shape_));
      step();
      const Surroundings around = load_surroundings(backend_, *source_, shape_, embedding.dtype());
      state = embed_windows(backend_, shape_, embedding, around, windows_);
    }
    for (; at < block; ++at) {
      step();
      const Block loaded = upload(backend_, reader_->take(at));
      static_cast<void>(calibrate(at, loaded, state));
    }
    return state;
  }

  /// What the source's own values make impossible stays so: then the blocks before are of no use.
  void run_blocks(std::int64_t first) {
    try {
      run_each_block(first);
    } catch (const Error& error) {
      source_refused_ = error.kind() == ErrorKind::BadInput && is_source_unchanged();
      throw;
    }
  }

  void run_each_block(std::int64_t first) {
    reader_.emplace(*source_, shape_, shape_.config.num_layers, reading_ahead(backend_));
    CalibrationState state = state_before(first);
    const double start = working_seconds();
    const std::int64_t count = shape_.config.num_layers;
    for (std::int64_t index = first; index < count; ++index) {
      step();
      const double block_start = working_seconds();
      run_block(index, state);
      const double now = working_seconds();
      const double per_block = (now - start) / static_cast<double>(index - first + 1);
      tell(BlockFinished{index, now - block_start,
                         per_block * static_cast<double>(count - index - 1), peak_rss_bytes()});
    }
  }

  void run_block(std::int64_t index, CalibrationState& state) {
    tell(BlockStarted{index});
    const Block block = upload(backend_, reader_->take(index));
    auto stats = std::make_shared<ActivationStats>(calibrate(index, block, state));
    tell(StatsMeasured{index, stats});
    BlockOptions options;
    options.loss_site = plan_.options.loss_site;
    options.settings = [this](const LinearId& id) { return settings_of(id); };
    BlockSink sink;
    sink.on_trial = [this](const LinearId& id, const AlphaTrial& trial) {
      tell(AlphaTried{id, trial});
      step();
    };
    sink.on_linear = [this](const LinearReport& report, const std::vector<float>& scales) {
      tell(LinearQuantized{report, scales});
    };
    BlockRecord record;
    record.block = quantize_block(backend_, shape_, block, index, *stats, options,
                                  control_.stop_token(), sink);
    record.sites = records_of(*stats);
    step();
    // The next block's input first: a step whose follow-up is missing would cost a forward pass.
    if (index + 1 < shape_.config.num_layers && activations_are_due())
      keep_activations(index, state);
    journal_->put(record);
    if (needs_source_weights(plan_.options.format.value())) check_fits_half(index);
    keep(record);
  }

  /// A GPU finishes a block in less time than the gigabyte of hidden states takes to the disk. They
  /// are kept so seldom there that they cost a tenth of the time at most: a resumed run computes
  /// the blocks since then again, to the same bytes.
  bool activations_are_due() const {
    if (reading_ahead(backend_) == BlockReader::Ahead::None) return true;
    return seconds_() - activations_kept_ >= kActivationPause * activations_cost_;
  }
  void keep_activations(std::int64_t index, const CalibrationState& state) {
    const double start = seconds_();
    journal_->put_activations(index + 1, on_host(state));
    activations_kept_ = seconds_();
    activations_cost_ = activations_kept_ - start;
  }

  /// A channel scale may push a folded weight past float16: told here, not after the last block.
  void check_fits_half(std::int64_t index) const {
    const FoldedWeights folded(*source_, *journal_);
    for (const QuantizedBlock::Entry& entry : folded.block(index).linears) {
      const std::string name = shape_.architecture->linear_name(index, entry.id.role) + ".weight";
      static_cast<void>(narrowed(name, entry.dense, dense_type(*plan_.options.format)));
    }
  }

  LinearSettings settings_of(const LinearId& id) const {
    const Architecture& row = *shape_.architecture;
    const auto place =
        static_cast<std::size_t>(id.block) * row.linears.size() + row.place_of(id.role);
    return plan_.settings.at(place);
  }

  void export_result() {
    step();
    const RunSummary summary = summary_of(plan_, reports_);
    ExportRequest request;
    request.format = plan_.options.format.value();
    request.source = source_.get();
    request.blocks = &*journal_;
    request.scheme = plan_.options.scheme;
    request.model_name = summary.model;
    request.model_card = model_card(summary);
    request.record_json = record_text(plan_, summary, sites_);
    request.linears = plan_.linears;
    request.settings = plan_.settings;
    request.existing = existing();
    stage_export(request, job_->fresh_staging(), control_.stop_token(),
                 [this](const std::string& stage, double share) {
                   tell(ExportProgress{stage, share});
                   step();
                 });
    check_source_unchanged();
    step();
    job_->publish(existing());
    // Published is done; what cannot be removed is told, and costs nothing but room.
    try {
      remove_journal_files(job_->folder());
      job_->remove();
    } catch (const Error& error) {
      tell(Warned{error.what()});
    }
  }

  Backend& backend_;
  const Plan& plan_;
  RunControl& control_;
  const EventSink& sink_;
  const SecondsClock& seconds_;
  double paused_seconds_ = 0;
  nlohmann::ordered_json identity_;
  std::unique_ptr<JobFolder> job_;
  bool plan_settled_ = false;    ///< the journal is this run's own
  bool source_refused_ = false;  ///< it can never be finished
  std::optional<RunLog> log_;
  std::unique_ptr<Checkpoint> source_;
  DecoderShape shape_;
  CalibrationWindows windows_;
  double activations_cost_ = 0;        ///< seconds that the last ones took
  double activations_kept_ = 0;        ///< when
  std::optional<BlockReader> reader_;  ///< after what it reads from
  std::optional<Journal> journal_;
  std::vector<std::string> warnings_;
  std::vector<LinearReport> reports_;
  std::vector<SiteRecords> sites_;
};

RunFinished outcome_of(Run& run) {
  RunFinished finished;
  try {
    run.execute();
  } catch (const Error& error) {
    finished.outcome = error.kind() == ErrorKind::Cancelled ? Outcome::Cancelled : Outcome::Failed;
    finished.error_kind = error.kind();
    finished.sentence = error.what();
  } catch (const std::bad_alloc&) {
    finished.outcome = Outcome::Failed;
    finished.error_kind = ErrorKind::Resources;
    finished.sentence = "memory ran out; ask for fewer or shorter calibration windows";
  } catch (const std::exception& error) {
    const std::optional<DeviceFault> fault = device_fault(error);
    finished.outcome = Outcome::Failed;
    finished.error_kind = fault ? fault->error.kind() : ErrorKind::Failure;
    finished.sentence = fault ? fault->error.what() : error.what();
  }
  if (finished.outcome != Outcome::Done) run.close(finished);
  return finished;
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

RunFinished run_job(Backend& backend, const Plan& plan, RunControl& control, const EventSink& sink,
                    const SecondsClock& seconds) {
  const double start = seconds();
  RunFinished finished;
  {
    // The lock of the job folder is given back before anyone hears that the run is over.
    Run run(backend, plan, control, sink, seconds);
    finished = outcome_of(run);
  }
  finished.seconds = seconds() - start;
  finished.peak_rss_bytes = peak_rss_bytes();
  sink(finished);
  return finished;
}

void discard_journal(const std::filesystem::path& target) {
  if (!std::filesystem::exists(job_folder_path(target))) return;
  JobFolder job(system_files(), target);
  remove_journal_files(job.folder());
  job.remove();
}

void remove_litter(const std::filesystem::path& target) {
  try {
    if (was_published(target)) discard_journal(target);
  } catch (const Error&) {
    // Its writer is still at it, or the folder is read-only.
    return;
  }
}

}  // namespace salient
