// SPDX-License-Identifier: Apache-2.0
#pragma once

// Folding channel scales into a weight in the host's memory, for writers that have no device.

#include <span>

#include "engine/tensor/tensor.h"

namespace salient {

/// weight [out_features, in_features] F32, its columns times `column_scales` and its rows divided
/// by `row_divisors`, either may be empty; a tensor of its own.
Tensor fold_on_host(const Tensor& weight, std::span<const float> column_scales,
                    std::span<const float> row_divisors);

}  // namespace salient
