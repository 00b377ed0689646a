// SPDX-License-Identifier: Apache-2.0
#pragma once

// One weight at a time out of tiles, for kernels where clarity goes before speed.

#include <cuda_fp16.h>

#include "kernels/tile_layout.h"

namespace salient::kernels::cuda {

/// (code - zero point) · step at [row, k].
__device__ inline float read_weight(const TiledShape& shape, const std::uint8_t* tiles,
                                    std::int64_t row, std::int64_t k) {
  const std::int64_t index = row / TiledShape::kRows * shape.tiles() + k / TiledShape::kColumns;
  const std::uint8_t* tile = tiles + index * shape.tile_bytes();
  const int tile_row = static_cast<int>(row % TiledShape::kRows);
  const int tile_k = static_cast<int>(k % TiledShape::kColumns);
  const TilePosition low = tile_position(shape.bits, tile_row, tile_k);
  const int low_bits = shape.bits == 3 ? 2 : shape.bits;
  int code = (tile[low.byte] >> low.shift) & ((1 << low_bits) - 1);
  if (shape.bits == 3) {
    const TilePosition top = tile_top_bit(tile_row, tile_k);
    code |= ((tile[top.byte] >> top.shift) & 1) << 2;
  }
  const std::uint8_t* span =
      tile + shape.code_bytes() + tile_k / shape.span() * TiledShape::kSpanBytes;
  const auto step = *reinterpret_cast<const __half*>(span + step_at(tile_row));
  return static_cast<float>(code - span[zero_point_at(tile_row)]) * __half2float(step);
}

}  // namespace salient::kernels::cuda
