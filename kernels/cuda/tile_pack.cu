// SPDX-License-Identifier: Apache-2.0
// Codes to tiles and tiles to float16, one block per tile, the tile assembled in shared memory.

#include <cuda_fp16.h>

#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/packed_linear.h"
#include "kernels/cuda/tile_read.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;

__device__ void put_bits(std::uint32_t* words, TilePosition position, std::uint32_t value) {
  const int bit = position.byte % 4 * 8 + position.shift;
  atomicOr(&words[position.byte / 4], value << bit);
}

__device__ void put_code(const TiledShape& shape, std::uint32_t* words, int row, int k,
                         std::uint32_t code) {
  const std::uint32_t low = shape.bits == 3 ? code & 3U : code;
  put_bits(words, tile_position(shape.bits, row, k), low);
  if (shape.bits == 3) put_bits(words, tile_top_bit(row, k), code >> 2U);
}

__global__ void __launch_bounds__(kThreads)
    pack_kernel(TiledShape shape, const std::uint8_t* codes, const std::uint16_t* steps,
                const std::uint8_t* zero_points, std::uint8_t* tiles) {
  extern __shared__ std::uint32_t words[];
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * TiledShape::kRows;
  const std::int64_t first_k = static_cast<std::int64_t>(blockIdx.x) * TiledShape::kColumns;
  const int count = shape.tile_bytes() / 4;
  for (int i = threadIdx.x; i < count; i += kThreads) words[i] = 0;
  __syncthreads();
  for (int i = threadIdx.x; i < TiledShape::kRows * TiledShape::kColumns; i += kThreads) {
    const int row = i / TiledShape::kColumns;
    const int k = i % TiledShape::kColumns;
    if (first_row + row >= shape.out_features || first_k + k >= shape.in_features) continue;
    put_code(shape, words, row, k, codes[(first_row + row) * shape.in_features + first_k + k]);
  }
  for (int i = threadIdx.x; i < TiledShape::kRows * shape.spans(); i += kThreads) {
    const int row = i % TiledShape::kRows;
    const int span = i / TiledShape::kRows;
    const std::int64_t k = first_k + span * shape.span();
    if (first_row + row >= shape.out_features || k >= shape.in_features) continue;
    const std::int64_t group = (first_row + row) * shape.groups() + shape.group_of(k);
    const int start = shape.code_bytes() + span * TiledShape::kSpanBytes;
    put_bits(words, {start + step_at(row), 0}, steps[group]);
    put_bits(words, {start + zero_point_at(row), 0}, zero_points[group]);
  }
  __syncthreads();
  const std::int64_t tile = blockIdx.y * shape.tiles() + blockIdx.x;
  auto* target = reinterpret_cast<std::uint32_t*>(tiles + tile * shape.tile_bytes());
  for (int i = threadIdx.x; i < count; i += kThreads) target[i] = words[i];
}

__global__ void __launch_bounds__(kThreads)
    dequantize_kernel(TiledShape shape, const std::uint8_t* tiles, __half* weight) {
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * TiledShape::kRows;
  const std::int64_t first_k = static_cast<std::int64_t>(blockIdx.x) * TiledShape::kColumns;
  for (int i = threadIdx.x; i < TiledShape::kRows * TiledShape::kColumns; i += kThreads) {
    const std::int64_t row = first_row + i / TiledShape::kColumns;
    const std::int64_t k = first_k + i % TiledShape::kColumns;
    if (row >= shape.out_features || k >= shape.in_features) continue;
    weight[row * shape.in_features + k] = __float2half(read_weight(shape, tiles, row, k));
  }
}

__global__ void convert_kernel(const float* x, std::int64_t count, __half* half) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += stride) {
    half[i] = saturated_half(x[i]);
  }
}

dim3 grid_of_tiles(const TiledShape& shape) {
  return {static_cast<unsigned>(shape.tiles()), static_cast<unsigned>(shape.row_blocks())};
}

}  // namespace

void pack_tiles(const TiledShape& shape, const std::uint8_t* codes, const std::uint16_t* steps,
                const std::uint8_t* zero_points, std::uint8_t* tiles, cudaStream_t stream) {
  const auto shared = static_cast<std::size_t>(shape.tile_bytes());
  launch("packing a matrix", {grid_of_tiles(shape), kThreads, shared}, stream, pack_kernel, shape,
         codes, steps, zero_points, tiles);
}

void dequantize_tiles(const TiledShape& shape, const std::uint8_t* tiles, std::uint16_t* weight,
                      cudaStream_t stream) {
  launch("dequantizing a matrix", {grid_of_tiles(shape), kThreads}, stream, dequantize_kernel,
         shape, tiles, reinterpret_cast<__half*>(weight));
}

void convert_to_half(const float* x, std::int64_t count, std::uint16_t* half, cudaStream_t stream) {
  const std::int64_t blocks = (count + kThreads - 1) / kThreads;
  const auto grid = static_cast<unsigned>(blocks < 4096 ? blocks : 4096);
  launch("converting to float16", {grid, kThreads}, stream, convert_kernel, x, count,
         reinterpret_cast<__half*>(half));
}

}  // namespace salient::kernels::cuda
