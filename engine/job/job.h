// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run: plan, one block at a time, journal, export. The journal is the set of immutable,
// self-verifying step files beside the target (reliability §4); killing the process at any moment
// loses at most one block, and the resumed run gives the same bytes. Calls block; threads belong to
// the caller. `RunControl` is the only part that other threads may touch.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/export/export.h"
#include "engine/job/events.h"

namespace salient {

/// --layer 'regex=bits:8,alpha:0.3' and --exclude REGEX, in the order given; later ones win.
struct LayerRule {
  std::string pattern;  ///< PCRE2-style regular expression over linear names, searched
  std::optional<int> bits;
  std::optional<std::int64_t> group_size;
  std::optional<double> alpha;
  std::optional<Method> method;
  std::optional<ClipMode> clip;
  bool keep_fp16 = false;
};

struct JobOptions {
  std::filesystem::path source;
  std::filesystem::path target;
  QuantScheme scheme;
  bool group_size_given = false;  ///< else 64 where 128 does not divide every in_features
  Method method = Method::Awq;
  ClipMode clip = ClipMode::Search;
  LossSite loss_site = LossSite::LinearOutput;
  std::filesystem::path calibration_text;  ///< empty: the default text
  std::string default_calibration_text;    ///< handed in by app (resources are not the engine's)
  CalibrationOptions calibration;
  std::vector<LayerRule> layers;
  std::optional<ExportFormat> format;  ///< empty: Awq where it can be said, else Run
  bool overwrite = false;
};

struct PhaseEstimate {
  std::string phase;  ///< "read", "calibrate", "search", "export"
  std::int64_t memory_bytes = 0;
  double seconds_low = 0, seconds_high = 0;
};

/// Everything known before any work: what the pre-flight card and `salient plan` show.
struct Plan {
  JobOptions options;  ///< with every default replaced by its value
  ModelConfig config;
  std::string architecture;  ///< "Llama"
  std::string source_precision;
  std::uint64_t parameters = 0;
  std::uint64_t source_bytes = 0;
  std::int64_t fp16_bytes = 0, output_bytes = 0, embedding_bytes = 0, quantized_bytes = 0;
  std::vector<PhaseEstimate> phases;
  std::int64_t peak_memory_bytes = 0, free_memory_bytes = 0;
  std::int64_t disk_bytes = 0, journal_bytes = 0, free_disk_bytes = 0;
  std::vector<LinearId> linears;
  std::vector<LinearSettings> settings;  ///< one per linear
  std::vector<std::string> notes;        ///< good to know, one sentence each
  std::vector<std::string> warnings;
  bool resumes = false;
  std::int64_t finished_blocks = 0;  ///< of an unfinished run found beside the target
  std::vector<SourceFile> files;     ///< identity of the source, compared when the run starts
  std::string calibration_name;      ///< "c4.txt", or "the default text"
  std::string calibration_sha256;
  std::uint64_t calibration_bytes = 0;
  std::string numeric_platform;  ///< "CPU, AVX-512": another one gives other last bits
};

/// What a scheme would make of a model, for the pre-flight card's presets: headers only, no work.
struct SizeEstimate {
  ExportFormat format = ExportFormat::Awq;
  std::int64_t output_bytes = 0;     ///< all weights
  std::int64_t quantized_bytes = 0;  ///< codes, steps and zero points
  std::int64_t embedding_bytes = 0;  ///< embedding and head
  double bits_per_weight = 0;        ///< of the quantized linears
};
SizeEstimate estimate_size(const Checkpoint& checkpoint, const QuantScheme& scheme);
/// The scheme that `salient quantize` takes without -g: group 64 where 128 does not divide.
QuantScheme fitting_scheme(const ModelConfig& config, QuantScheme scheme);

/// Throws Error (BadInput 2, Unsupported 3, Resources 4) before anything is written. Without a
/// target nothing is said about disk and journal.
Plan make_plan(const Backend& backend, const Checkpoint& checkpoint, const JobOptions& options);

/// Pause, resume and cancel from another thread; requests to be served between the steps of a run.
class RunControl {
 public:
  void pause();
  void resume();
  void cancel() { stop_.request_stop(); }
  bool paused() const;
  std::stop_token stop_token() const { return stop_.get_token(); }

  /// Run on the engine's thread between steps (a knob or chat request while a job runs).
  void post(std::function<void()> request);
  /// Called by the run between steps: serves requests, waits while paused (serving requests,
  /// telling `on_pause` once each way), throws Error(Cancelled) when cancelled.
  void checkpoint(const std::function<void(bool paused)>& on_pause = {});

 private:
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool paused_ = false;
  std::vector<std::function<void()>> requests_;
};

/// Seconds on a clock that never goes back; tests bring their own.
using SecondsClock = std::function<double()>;
double steady_seconds();

/// Runs the plan to the published target, resuming what is already journalled. Never throws for
/// what RunFinished can tell; returns the outcome that was sent. The events of a resumed run begin
/// with those of the blocks that are already finished (statistics without Gram, no trials), so that
/// a receiver always sees every block. Cancelled or failed, the journal stays.
/// A source that proves unusable at any block is refused as a whole: what was done of it goes too.
RunFinished run_job(Backend& backend, const Plan& plan, RunControl& control, const EventSink& sink,
                    const SecondsClock& seconds = steady_seconds);

/// Removes the journal of an unfinished run (the user asked to start over).
void discard_journal(const std::filesystem::path& target);

/// Removes what a process that ended right after publishing `target` left beside it; nothing else,
/// and no error when that cannot be done.
void remove_litter(const std::filesystem::path& target);

}  // namespace salient
