// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the time of one decoded token goes: every fused stage of the decoder timed by itself over
// all blocks (so that weights come from memory, not from a cache), and the whole step beside their
// sum. What the sum lacks or has too much is what stages gain or lose by following each other.

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/runtime/loaded_model.h"
#include "engine/runtime/timing.h"

namespace salient {

struct StageTime {
  std::string stage;       ///< "norm + q, k, v"
  std::int64_t calls = 0;  ///< per token
  double seconds = 0;      ///< per token, all calls together
  std::int64_t bytes = 0;  ///< read per token
};

struct StageTimes {
  std::int64_t cached_tokens = 0;
  std::vector<StageTime> stages;
  StageTime step;  ///< the whole token, recorded as the generator records it
};

/// With `cached_tokens` positions in the caches. Throws Error(Cancelled) between two stages.
StageTimes measure_stages(Backend& backend, const LoadedModel& model, std::int64_t cached_tokens,
                          const TimedBatches& how, const std::stop_token& stop);

}  // namespace salient
