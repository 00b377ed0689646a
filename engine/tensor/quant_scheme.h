// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the weights of one linear are put on a grid: bits, group size along in_features, and whether
// the grid is symmetric around zero. Plain data.

#include <cstdint>
#include <string>

namespace salient {

enum class Symmetry {
  Asymmetric,  ///< step = (max - min) / (2^bits - 1), zero_point per group (llm-awq, AutoAWQ)
  Symmetric,   ///< step = max|w| / (2^(bits-1) - 1), zero_point = 2^(bits-1)
};

struct QuantScheme {
  static constexpr std::int64_t kWholeRow = 0;

  int bits = 4;                   ///< 2, 3, 4 or 8
  std::int64_t group_size = 128;  ///< weights per step; kWholeRow: one group per row
  Symmetry symmetry = Symmetry::Asymmetric;

  int levels() const { return 1 << bits; }
  /// The group size in force for a row of `in_features` weights.
  std::int64_t group_of(std::int64_t in_features) const {
    return group_size == kWholeRow || group_size > in_features ? in_features : group_size;
  }
  /// Groups per row; the last one is ragged when group_size does not divide in_features.
  std::int64_t num_groups(std::int64_t in_features) const {
    const std::int64_t group = group_of(in_features);
    return (in_features + group - 1) / group;
  }
  bool operator==(const QuantScheme&) const = default;
};

/// "4-bit g64", "8-bit row", "4-bit g128 symmetric".
std::string to_string(const QuantScheme& scheme);
/// Throws Error(BadInput) naming the value and what is allowed.
void validate(const QuantScheme& scheme);

}  // namespace salient
