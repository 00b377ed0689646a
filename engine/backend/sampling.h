// SPDX-License-Identifier: Apache-2.0
#pragma once

// From logits to a token: repetition penalty, then temperature, then the top-k, top-p and min-p
// cuts, then one draw by a counter-based generator, so that the n-th pick of a seed never depends
// on how the picks before it were made. The host's form is what every device is held against.

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
  bool operator==(const SamplingOptions&) const = default;
};

/// The first index of the largest logit.
std::int32_t greedy_pick(std::span<const float> logits);

/// A logit of a token that was seen before.
float penalized(float logit, double penalty);

/// The `draw`-th pick of the options' seed; logits [vocab] with the penalty applied.
std::int32_t pick_token(std::span<const float> logits, const SamplingOptions& options,
                        std::uint64_t draw);

}  // namespace salient
