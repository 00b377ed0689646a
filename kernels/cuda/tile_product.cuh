// SPDX-License-Identifier: Apache-2.0
#pragma once

// total[16 rows, tokens] += one weight tile times its columns of x, by one warp. Sums over one span
// of columns are products of exact integers with half activations in float32; the step comes after.

#include "kernels/cuda/tile_fragments.cuh"

namespace salient::kernels::cuda {

/// Two independent chains hide the latency of the tensor cores where there is one token tile.
template <int TokenTiles>
struct SpanSums {
  static constexpr int kChains = TokenTiles == 1 ? 2 : 1;
  float values[TokenTiles][kChains][4] = {};

  __device__ __forceinline__ void add_scaled_to(float (&total)[TokenTiles][4], float low,
                                                float high) const {
#pragma unroll
    for (int n = 0; n < TokenTiles; ++n) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float sum =
            kChains == 1 ? values[n][0][i] : values[n][0][i] + values[n][kChains - 1][i];
        total[n][i] = fmaf(i < 2 ? low : high, sum, total[n][i]);
      }
    }
  }
};

/// Where a lane finds its activations: token g of token tile n, 8 columns from 8 t on.
template <int TokenTiles>
struct LaneActivations {
  const std::uint8_t* rows[TokenTiles];

  __device__ __forceinline__ LaneActivations(const std::uint8_t* x, int pitch, int tokens) {
    const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
    for (int n = 0; n < TokenTiles; ++n) {
      const int token = min(8 * n + lane / 4, tokens - 1);
      rows[n] = x + token * pitch + lane % 4 * 16;
    }
  }
  __device__ __forceinline__ uint4 load(int n, int column) const {
    return *reinterpret_cast<const uint4*>(rows[n] + 2 * column);
  }
};

template <int Bits, int Spans, int TokenTiles>
__device__ __forceinline__ void multiply_tile(const std::uint8_t* tile,
                                              const LaneActivations<TokenTiles>& x, int column,
                                              float (&total)[TokenTiles][4]) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  TileCodes<Bits> codes;
  codes.load(tile, lane);
#pragma unroll
  for (int s = 0; s < Spans; ++s) {
    SpanParameters span;
    span.load(tile + Bits * 256 + s * TiledShape::kSpanBytes, lane / 4);
    SpanSums<TokenTiles> sums;
#pragma unroll
    for (int quarter = s * 4 / Spans; quarter < (s + 1) * 4 / Spans; ++quarter) {
      std::uint32_t even[4];
      std::uint32_t odd[4];
      codes.fragment(2 * quarter, span, even);
      codes.fragment(2 * quarter + 1, span, odd);
#pragma unroll
      for (int n = 0; n < TokenTiles; ++n) {
        const uint4 b = x.load(n, column + 32 * quarter);
        multiply_add(sums.values[n][0], even, b.x, b.y);
        multiply_add(sums.values[n][SpanSums<TokenTiles>::kChains - 1], odd, b.z, b.w);
      }
    }
    sums.add_scaled_to(total, __low2float(span.steps), __high2float(span.steps));
  }
}

/// The same for 64 columns of dense weights, as WeightRing lays them.
template <int TokenTiles>
__device__ __forceinline__ void multiply_dense(const std::uint8_t* tile,
                                               const LaneActivations<TokenTiles>& x, int column,
                                               float (&total)[TokenTiles][4]) {
  const auto* planes = reinterpret_cast<const uint4*>(tile) + threadIdx.x % 32;
#pragma unroll
  for (int quarter = 0; quarter < 2; ++quarter) {
    const uint4 low = planes[64 * quarter];
    const uint4 high = planes[64 * quarter + 32];
    const std::uint32_t even[4] = {low.x, high.x, low.y, high.y};
    const std::uint32_t odd[4] = {low.z, high.z, low.w, high.w};
#pragma unroll
    for (int n = 0; n < TokenTiles; ++n) {
      const uint4 b = x.load(n, column + 32 * quarter);
      multiply_add(total[n], even, b.x, b.y);
      multiply_add(total[n], odd, b.z, b.w);
    }
  }
}

}  // namespace salient::kernels::cuda
