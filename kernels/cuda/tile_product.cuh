// SPDX-License-Identifier: Apache-2.0
#pragma once

// total[16 rows, tokens] += one weight tile times its columns of x, by one warp. Products of exact
// integers with half activations are summed in float32 over a span of columns; then the zero point,
// times the sum of the span's activations, is taken off and the step applied.

#include "kernels/cuda/stream_plan.h"
#include "kernels/cuda/tile_codes.cuh"

namespace salient::kernels::cuda {

/// Step and zero point of rows g and g + 8 for one span of columns.
struct SpanParameters {
  float step[2];
  float zero_point[2];

  __device__ __forceinline__ void load(const std::uint8_t* span, int g) {
    const __half2 steps = *reinterpret_cast<const __half2*>(span + 4 * g);
    step[0] = __low2float(steps);
    step[1] = __high2float(steps);
    // A byte below the exponent of 2^23 is the float 2^23 + byte.
    const std::uint32_t zeros = *reinterpret_cast<const std::uint16_t*>(span + 32 + 2 * g);
    constexpr std::uint32_t kExponent = 0x4B000000U;
    zero_point[0] = __uint_as_float(__byte_perm(zeros, kExponent, 0x7550)) - 8388608.0F;
    zero_point[1] = __uint_as_float(__byte_perm(zeros, kExponent, 0x7551)) - 8388608.0F;
  }
};

/// A lane's sums of 16 rows: [0], [1] row g, [2], [3] row g + 8, tokens 2 t and 2 t + 1. With one
/// token every column of a product is that token, and [1], [3] are left alone.
template <Tokens Count>
struct RowSums {
  float values[token_tiles(Count)][4] = {};
};

/// Where a lane finds its activations: of token g of token tile n, 8 columns from 8 t on; and the
/// sums of spans, [span][token slot].
template <Tokens Count>
struct LaneActivations {
  const std::uint8_t* rows[token_tiles(Count)];
  const float* span_sums;

  __device__ __forceinline__ LaneActivations(const std::uint8_t* x, int pitch, int tokens,
                                             const float* sums) {
    const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
    for (int n = 0; n < token_tiles(Count); ++n) {
      const int token = Count == Tokens::One ? 0 : min(8 * n + lane / 4, tokens - 1);
      rows[n] = x + token * pitch + lane % 4 * 16;
    }
    span_sums = sums + (Count == Tokens::One ? 0 : lane % 4 * 2);
  }
  __device__ __forceinline__ uint4 load(int n, int column) const {
    return *reinterpret_cast<const uint4*>(rows[n] + 2 * column);
  }
  /// Of tokens 2 t and 2 t + 1 of token tile n.
  __device__ __forceinline__ float2 span_sum(int n, int span) const {
    if constexpr (Count == Tokens::One) return {span_sums[span], 0};
    return *reinterpret_cast<const float2*>(span_sums + span * token_slots(Count) + 8 * n);
  }
};

template <int Bits, Tokens Count>
__device__ __forceinline__ void add_span(const RowSums<Count>& first, const RowSums<Count>& second,
                                         const SpanParameters& span,
                                         const LaneActivations<Count>& x, int span_index,
                                         RowSums<Count>& total) {
  using Scales = CodeScales<Bits>;
#pragma unroll
  for (int n = 0; n < token_tiles(Count); ++n) {
    const float2 activations = x.span_sum(n, span_index);
#pragma unroll
    for (int i = 0; i < 4; i += Count == Tokens::One ? 2 : 1) {
      const float scale = i < 2 ? 1.0F : Scales::kUpper;
      float sum = fmaf(second.values[n][i], Scales::kSecond * scale, first.values[n][i] * scale);
      sum = fmaf(-span.zero_point[i / 2], i % 2 == 0 ? activations.x : activations.y, sum);
      total.values[n][i] = fmaf(span.step[i / 2], sum, total.values[n][i]);
    }
  }
}

/// `column` counts from the first staged column; total is in units of 1 / kCodeUnit.
template <int Bits, int Spans, Tokens Count>
__device__ __forceinline__ void multiply_tile(const std::uint8_t* tile,
                                              const LaneActivations<Count>& x, int column,
                                              RowSums<Count>& total) {
  const int lane = static_cast<int>(threadIdx.x % 32);
  TileCodes<Bits> codes;
  codes.load(tile, lane);
#pragma unroll
  for (int s = 0; s < Spans; ++s) {
    SpanParameters span;
    span.load(tile + Bits * 256 + s * TiledShape::kSpanBytes, lane / 4);
    RowSums<Count> first;
    RowSums<Count> second;
#pragma unroll
    for (int q = s * 4 / Spans; q < (s + 1) * 4 / Spans; ++q) {
      const CodeOperands operands = codes.quarter(q);
#pragma unroll
      for (int n = 0; n < token_tiles(Count); ++n) {
        const uint4 b = x.load(n, column + 32 * q);
        multiply_add(first.values[n], operands.first, b.x, b.y);
        multiply_add(second.values[n], operands.second, b.z, b.w);
      }
    }
    add_span<Bits>(first, second, span, x, column / TiledShape::kColumns * Spans + s, total);
  }
}

/// The same for 64 columns of dense weights, as WeightRing lays them; total is in units of 1.
template <Tokens Count>
__device__ __forceinline__ void multiply_dense(const std::uint8_t* tile,
                                               const LaneActivations<Count>& x, int column,
                                               RowSums<Count>& total) {
  const auto* planes = reinterpret_cast<const uint4*>(tile) + threadIdx.x % 32;
#pragma unroll
  for (int q = 0; q < 2; ++q) {
    const uint4 low = planes[64 * q];
    const uint4 high = planes[64 * q + 32];
    const Operand first = {{low.x, high.x, low.z, high.z}};
    const Operand second = {{low.y, high.y, low.w, high.w}};
#pragma unroll
    for (int n = 0; n < token_tiles(Count); ++n) {
      const uint4 b = x.load(n, column + 32 * q);
      multiply_add(total.values[n], first, b.x, b.y);
      multiply_add(total.values[n], second, b.z, b.w);
    }
  }
}

}  // namespace salient::kernels::cuda
