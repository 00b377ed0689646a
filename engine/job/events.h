// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a run reports: facts in the past tense, as values, in a fixed order, on the engine's thread.
// Exactly one RunFinished ends every run, also a cancelled or failed one. Large arrays travel as
// shared_ptr<const ...>, so a receiver may keep them.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/error.h"
#include "engine/quantization/quantization.h"

namespace salient {

struct RunStarted {
  std::int64_t num_blocks = 0;
  std::int64_t first_block = 0;  ///< > 0 when resumed
};
struct WindowCalibrated {  ///< a sample, last wins
  std::int64_t block = 0, done = 0, total = 0;
};
struct BlockStarted {
  std::int64_t block = 0;
};
struct StatsMeasured {
  std::int64_t block = 0;
  std::shared_ptr<const ActivationStats> stats;
};
struct AlphaTried {
  LinearId linear;
  AlphaTrial trial;
};
struct LinearQuantized {
  LinearReport report;
  std::vector<float> channel_scales;
};
struct BlockFinished {
  std::int64_t block = 0;
  double seconds = 0;
  double seconds_left = 0;  ///< estimate from the blocks measured so far
  std::int64_t peak_rss_bytes = 0;
};
struct ExportProgress {
  std::string step;  ///< "writing", "verifying"
  double share = 0;
};
struct RunPaused {};
struct RunResumed {};
struct Warned {
  std::string sentence;
};
enum class Outcome { Done, Cancelled, Failed };
struct RunFinished {
  Outcome outcome = Outcome::Done;
  ErrorKind error_kind = ErrorKind::Failure;
  std::string sentence;  ///< why, when not Done
  double seconds = 0;
  std::int64_t peak_rss_bytes = 0;
};

using Event = std::variant<RunStarted, WindowCalibrated, BlockStarted, StatsMeasured, AlphaTried,
                           LinearQuantized, BlockFinished, ExportProgress, RunPaused, RunResumed,
                           Warned, RunFinished>;
using EventSink = std::function<void(const Event&)>;

}  // namespace salient
