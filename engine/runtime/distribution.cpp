// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/distribution.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace salient {

double log_sum_exp(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  return top + std::log(sum);
}

RowComparison compare_rows(std::span<const float> p_logits, std::span<const float> q_logits) {
  if (p_logits.size() != q_logits.size()) {
    throw std::logic_error("compare_rows of rows of different vocabularies");
  }
  // KL(p‖q) = Σ p_i (a_i - b_i) - (log Σ exp a - log Σ exp b).
  const double top = *std::max_element(p_logits.begin(), p_logits.end());
  double sum = 0;
  double weighted = 0;
  for (std::size_t i = 0; i < p_logits.size(); ++i) {
    const auto a = static_cast<double>(p_logits[i]);
    const double weight = std::exp(a - top);
    sum += weight;
    weighted += weight * (a - static_cast<double>(q_logits[i]));
  }
  RowComparison rows;
  rows.p_log_sum = top + std::log(sum);
  rows.q_log_sum = log_sum_exp(q_logits);
  // Rounding can leave a tiny negative number for equal rows.
  rows.kl = std::max(weighted / sum - (rows.p_log_sum - rows.q_log_sum), 0.0);
  return rows;
}

std::vector<TokenProbability> top_tokens(std::span<const float> logits, std::size_t count) {
  count = std::min(count, logits.size());
  std::vector<std::int32_t> order(logits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i);
  const auto better = [&](std::int32_t a, std::int32_t b) {
    const float left = logits[static_cast<std::size_t>(a)];
    const float right = logits[static_cast<std::size_t>(b)];
    return left != right ? left > right : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                    better);
  const double norm = log_sum_exp(logits);
  std::vector<TokenProbability> top;
  for (std::size_t i = 0; i < count; ++i) {
    const double logit = static_cast<double>(logits[static_cast<std::size_t>(order[i])]);
    top.push_back({order[i], std::exp(logit - norm)});
  }
  return top;
}

}  // namespace salient
