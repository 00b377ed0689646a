// SPDX-License-Identifier: Apache-2.0
// Codes to tiles, one block per tile, the tile assembled in shared memory; tiles to float16, one
// warp per tile.

#include <cuda_fp16.h>

#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/packed_linear.h"
#include "kernels/cuda/scaled_codes.cuh"

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

/// 8 columns of a row; past the last one, or where rows are not 16-byte aligned, one by one.
__device__ void store_columns(const TiledShape& shape, __half* weight, std::int64_t row,
                              std::int64_t k, const uint4& columns) {
  if (row >= shape.out_features) return;
  __half* place = weight + row * shape.in_features + k;
  if (shape.in_features % 8 == 0 && k < shape.in_features) {
    *reinterpret_cast<uint4*>(place) = columns;
    return;
  }
  const auto* halves = reinterpret_cast<const __half*>(&columns);
  for (int i = 0; i < 8 && k + i < shape.in_features; ++i) place[i] = halves[i];
}

/// One warp per tile.
template <int Bits>
__global__ void __launch_bounds__(kThreads)
    dequantize_kernel(TiledShape shape, const std::uint8_t* tiles, __half* weight) {
  const std::int64_t tile_column = blockIdx.x * (kThreads / 32LL) + threadIdx.x / 32;
  if (tile_column >= shape.tiles()) return;
  const int lane = static_cast<int>(threadIdx.x % 32);
  const std::int64_t index = blockIdx.y * shape.tiles() + tile_column;
  const std::uint8_t* tile = tiles + index * shape.tile_bytes();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.y) * TiledShape::kRows + lane / 4;
  TileCodes<Bits> codes;
  codes.load(tile, lane);
#pragma unroll
  for (int q = 0; q < 4; ++q) {
    ScaledSpan<Bits> span;
    span.load(tile + Bits * 256 + q * shape.spans() / 4 * TiledShape::kSpanBytes, lane / 4);
    const CodeOperands weights = span.operands(codes, q);
    const auto& first = weights.first.part;
    const auto& second = weights.second.part;
    const std::int64_t k = tile_column * TiledShape::kColumns + 32 * q + lane % 4 * 8;
    store_columns(shape, weight, row, k, {first[0], second[0], first[2], second[2]});
    store_columns(shape, weight, row + 8, k, {first[1], second[1], first[3], second[3]});
  }
}

template <int Bits>
void launch_dequantize(const TiledShape& shape, const std::uint8_t* tiles, __half* weight,
                       cudaStream_t stream) {
  constexpr std::int64_t kWarps = kThreads / 32;
  const dim3 grid = {static_cast<unsigned>((shape.tiles() + kWarps - 1) / kWarps),
                     static_cast<unsigned>(shape.row_blocks())};
  launch("dequantizing a matrix", {grid, kThreads}, stream, dequantize_kernel<Bits>, shape, tiles,
         weight);
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
  auto* half = reinterpret_cast<__half*>(weight);
  switch (shape.bits) {
    case 2:
      return launch_dequantize<2>(shape, tiles, half, stream);
    case 3:
      return launch_dequantize<3>(shape, tiles, half, stream);
    case 4:
      return launch_dequantize<4>(shape, tiles, half, stream);
    default:
      return launch_dequantize<8>(shape, tiles, half, stream);
  }
}

}  // namespace salient::kernels::cuda
