// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

/// out = x / sqrt(mean(x²) + eps) · weight as float, as half (saturated), or both: a null result
/// is not written. x and the results [tokens, features], weight float [features];
/// all 16-byte aligned. Weights are read before the predecessor is done: no launch may write them.
void rms_norm(const float* x, const float* weight, std::int64_t tokens, std::int64_t features,
              float eps, float* out, std::uint16_t* half_out, cudaStream_t stream,
              Dependency dependency = Dependency::Full);

}  // namespace salient::kernels::cuda
