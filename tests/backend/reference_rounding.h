// SPDX-License-Identifier: Apache-2.0
#pragma once

// The arithmetic of rounding and clipping in float64 (llm-awq's asymmetric grid, AutoAWQ's
// symmetric one), one group at a time.

#include <cstdint>
#include <span>
#include <vector>

#include "engine/backend/backend.h"

namespace salient::tests {

struct RoundedGroup {
  std::uint16_t step_bits = 0;  ///< float16
  int zero_point = 0;
  std::vector<int> codes;      ///< [group]
  std::vector<double> values;  ///< [group] (code - zero_point) * step
};
RoundedGroup round_group(std::span<const double> group, const QuantScheme& scheme);

/// W·diag(s), clamped to ±clip, as float64 [out_features, in_features].
std::vector<double> scaled_and_clipped(const RoundingProblem& problem);

/// Columns [begin, end) of group g in a row of in_features.
struct Columns {
  std::int64_t begin = 0, end = 0;
};
Columns columns_of(const QuantScheme& scheme, std::int64_t in_features, std::int64_t g);

/// e G eᵀ over the columns, with the lower triangle of G stored.
double quadratic(std::span<const double> error, const Tensor& gram, Columns columns);

}  // namespace salient::tests
