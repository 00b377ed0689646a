// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rows of a quantized embedding table that is kept in tiles.

#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/tile_layout.h"

namespace salient::kernels::cuda {

/// out float [tokens, in_features] = the dequantized rows ids[t] of the table; ids int32 [tokens]
/// in device memory, trusted.
void gather_tile_rows(const TiledShape& shape, const std::uint8_t* tiles, const std::int32_t* ids,
                      std::int64_t tokens, float* out, cudaStream_t stream,
                      Dependency dependency = Dependency::Full);

}  // namespace salient::kernels::cuda
