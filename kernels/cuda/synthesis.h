// SPDX-License-Identifier: Apache-2.0
#pragma once

// Seeded random numbers on the device, one counter per element: the same seed gives the same
// numbers on every card and for every launch shape.

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

struct NormalNumbers {
  std::uint64_t seed = 0;
  std::uint64_t offset = 0;  ///< counter of the first element, so that a tensor can come in pieces
  float deviation = 1;
  float mean = 0;
  /// [columns] or nullptr: element i is multiplied by column_factors[i mod columns].
  const float* column_factors = nullptr;
  std::int64_t columns = 0;
};

/// out [count], normal with the given deviation and mean.
void fill_normal(float* out, std::int64_t count, const NormalNumbers& numbers, cudaStream_t stream);
/// The same numbers rounded to half or bfloat16.
void fill_normal_half(std::uint16_t* out, std::int64_t count, const NormalNumbers& numbers,
                      cudaStream_t stream);
void fill_normal_bfloat(std::uint16_t* out, std::int64_t count, const NormalNumbers& numbers,
                        cudaStream_t stream);

}  // namespace salient::kernels::cuda
