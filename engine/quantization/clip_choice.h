// SPDX-License-Identifier: Apache-2.0
#pragma once

// The loss of a rounding by row, which decides where a clip stays.

#include <vector>

#include "engine/quantization/quantization.h"

namespace salient {

/// e_o G e_oᵀ of rounding `weight`, [out_features]; `clip` may be null.
std::vector<double> rounding_losses(Backend& backend, const Tensor& weight, const Tensor& gram,
                                    const QuantScheme& scheme, const Tensor* clip);

}  // namespace salient
