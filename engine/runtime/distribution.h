// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a row of logits says: probabilities, the likeliest tokens, and the distance of two rows.
// Sums are float64 in index order, at temperature 1.

#include <cstdint>
#include <span>
#include <vector>

namespace salient {

/// log Σ exp(logits), stable for any finite logits.
double log_sum_exp(std::span<const float> logits);

/// Two rows at once, with one exponential per entry and row.
struct RowComparison {
  double p_log_sum = 0;  ///< log Σ exp(p)
  double q_log_sum = 0;
  double kl = 0;  ///< KL(p‖q) in nats of the two softmax distributions, never negative
};
/// p and q [vocab] each; std::logic_error when they differ in length.
RowComparison compare_rows(std::span<const float> p_logits, std::span<const float> q_logits);

struct TokenProbability {
  std::int32_t id = 0;
  double probability = 0;
};
/// The `count` likeliest tokens, best first, ties to the lower id.
std::vector<TokenProbability> top_tokens(std::span<const float> logits, std::size_t count);

}  // namespace salient
