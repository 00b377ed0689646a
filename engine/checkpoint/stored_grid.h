// SPDX-License-Identifier: Apache-2.0
#pragma once

// One quantized linear as foreign tensors say it, before it is known whether our own
// QuantizedMatrix can: steps of any type, inputs in any order of groups.

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/tensor/quantized_matrix.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct StoredGrid {
  QuantScheme scheme;
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
  std::vector<std::uint8_t> codes;        ///< [out_features, in_features]
  std::vector<float> steps;               ///< [out_features, num_groups], finite
  std::vector<std::uint8_t> zero_points;  ///< [out_features, num_groups]
  /// [in_features], each below num_groups; empty: input k is in group k / scheme.group_of(in).
  std::vector<std::int32_t> group_of_input;
};

StoredGrid grid_of(QuantizedMatrix matrix);

/// Nothing when groups are shuffled (act-order) or of a size that we have not, or a step is no
/// positive float16.
std::optional<QuantizedMatrix> as_codes(StoredGrid grid);

/// [out_features, in_features] F32: (code - zero_point) * step.
Tensor dequantized(const StoredGrid& grid);

}  // namespace salient
