// SPDX-License-Identifier: Apache-2.0
#pragma once

// From logits to a token: repetition penalty, then temperature, then the top-k, top-p and min-p
// cuts, then one draw by a counter-based generator, so that the n-th pick of a seed never depends
// on how the picks before it were made.

#include <cstdint>
#include <span>

namespace salient {

struct SamplingOptions {
  double temperature = 0;         ///< 0: greedy, the other fields but the penalty have no effect
  std::int64_t top_k = 0;         ///< 0: off
  double top_p = 1.0;             ///< 1: off
  double min_p = 0.0;             ///< 0: off; share of the most likely token's probability
  double repetition_penalty = 1;  ///< 1: off; divides positive and multiplies negative logits
  std::uint64_t seed = 0;
};

/// Throws Error(BadInput) naming the setting, its value and its range.
void validate(const SamplingOptions& options);

class Sampler {
 public:
  explicit Sampler(const SamplingOptions& options) : options_(options) {}
  /// Picks from logits [vocab], ties to the lowest id; `history` feeds the repetition penalty.
  std::int32_t pick(std::span<const float> logits, std::span<const std::int32_t> history);

 private:
  SamplingOptions options_;
  std::uint64_t draws_ = 0;
};

/// The first index of the largest logit.
std::int32_t greedy_pick(std::span<const float> logits);

}  // namespace salient
