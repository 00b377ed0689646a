// SPDX-License-Identifier: Apache-2.0
#pragma once

// The card's speeds of light, measured now. These calls wait for the stream; everything else here
// does not.

#include <cstddef>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

/// Bytes per second of reading `bytes` of device memory at `buffer` (16-byte aligned), the median
/// of several passes. Below the L2's size it is the cache that is measured.
double read_bandwidth(const void* buffer, std::size_t bytes, cudaStream_t stream);
/// Bytes per second, read and written counted, of copying the first half of `buffer` onto the
/// second.
double copy_bandwidth(void* buffer, std::size_t bytes, cudaStream_t stream);

}  // namespace salient::kernels::cuda
