// SPDX-License-Identifier: Apache-2.0
#pragma once

// What calibration keeps per channel. The sums run in a fixed order: the same calls give the same
// bits.

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

std::int64_t magnitude_workspace_bytes(std::int64_t tokens, std::int64_t n);

/// Per channel of x [tokens, n]: sum += |x| and max = max(max, |x|), both [n] on the device.
void accumulate_magnitude(const float* x, std::int64_t tokens, std::int64_t n, double* sum,
                          float* max, void* workspace, cudaStream_t stream);

}  // namespace salient::kernels::cuda
