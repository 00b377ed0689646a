// SPDX-License-Identifier: Apache-2.0
#include <cuda_fp16.h>

#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/tile_rows.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 128;

__device__ int code_at(const TiledShape& shape, const std::uint8_t* tile, int row, int k) {
  const TilePosition at = tile_position(shape.bits, row, k);
  const int low_bits = shape.bits == 3 ? 2 : shape.bits;
  int code = tile[at.byte] >> at.shift & ((1 << low_bits) - 1);
  if (shape.bits == 3) {
    const TilePosition top = tile_top_bit(row, k);
    code |= (tile[top.byte] >> top.shift & 1) << 2;
  }
  return code;
}

/// One block per tile of columns and token.
__global__ void gather_tile_rows_kernel(TiledShape shape, const std::uint8_t* tiles,
                                        const std::int32_t* ids, float* out) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t row = ids[blockIdx.y];
  const std::int64_t k = static_cast<std::int64_t>(blockIdx.x) * TiledShape::kColumns + threadIdx.x;
  if (k >= shape.in_features) return;
  const std::int64_t place = row / TiledShape::kRows * shape.tiles() + blockIdx.x;
  const std::uint8_t* tile = tiles + place * shape.tile_bytes();
  const int r = static_cast<int>(row % TiledShape::kRows);
  const int column = static_cast<int>(threadIdx.x);
  const std::uint8_t* span =
      tile + shape.code_bytes() + column / shape.span() * TiledShape::kSpanBytes;
  const __half step = *reinterpret_cast<const __half*>(span + step_at(r));
  const int code = code_at(shape, tile, r, column) - span[zero_point_at(r)];
  out[static_cast<std::int64_t>(blockIdx.y) * shape.in_features + k] =
      static_cast<float>(code) * __half2float(step);
}

}  // namespace

void gather_tile_rows(const TiledShape& shape, const std::uint8_t* tiles, const std::int32_t* ids,
                      std::int64_t tokens, float* out, cudaStream_t stream, Dependency dependency) {
  const LaunchShape grid{dim3(static_cast<unsigned>(shape.tiles()), static_cast<unsigned>(tokens)),
                         dim3(kThreads), 0, dependency};
  launch("gather_tile_rows", grid, stream, gather_tile_rows_kernel, shape, tiles, ids, out);
}

}  // namespace salient::kernels::cuda
