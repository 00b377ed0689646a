// SPDX-License-Identifier: Apache-2.0
#pragma once

// One token's activations, RMS-normalized if asked, as half: float32 in global memory to half in
// shared or global memory, by a whole block, with the sums of spans of columns that zero points are
// multiplied with. The norm is finished before rounding, so that large residuals do not saturate.

#include <cuda_fp16.h>

#include "kernels/cuda/block_barrier.cuh"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {

struct RowSource {
  const float* x;            ///< [in_features], 16-byte aligned
  const float* norm_weight;  ///< [in_features], 16-byte aligned, or nullptr
  float norm_epsilon;
  int in_features;  ///< a multiple of 4
  int columns;      ///< written, zeros behind in_features; a multiple of 128
};

/// Span sums are in units of 2^24, those of sums of codes.
struct RowTarget {
  __half* half;      ///< [columns], in the order of products
  float* span_sums;  ///< [columns / Span]
};

/// Past L1, which may hold what an earlier launch saw.
__device__ __forceinline__ float4 load_four(const float* x, int k, int count) {
  return k < count ? __ldcg(reinterpret_cast<const float4*>(x + k)) : float4{0, 0, 0, 0};
}

__device__ __forceinline__ float square_sum(float4 x, float sum) {
  return fmaf(x.x, x.x, fmaf(x.y, x.y, fmaf(x.z, x.z, fmaf(x.w, x.w, sum))));
}

/// Stores x · weight · scale at columns k … k + 3 and the sums of the warp's 128 columns; Span 0:
/// no sums.
template <int Span>
__device__ __forceinline__ void store_four(const RowTarget& target, int k, float4 x, float4 weight,
                                           float scale) {
  const __half2 low = saturated_half2(x.x * (weight.x * scale), x.y * (weight.y * scale));
  const __half2 high = saturated_half2(x.z * (weight.z * scale), x.w * (weight.w * scale));
  // Words 0, 1, 2, 3 of 8 columns stand as 0, 2, 1, 3: what one product takes is neighbours.
  __half* place = target.half + k / 8 * 8 + k % 8 / 2;
  *reinterpret_cast<__half2*>(place) = low;
  *reinterpret_cast<__half2*>(place + 4) = high;
  if constexpr (Span > 0) {
    float sum = (__low2float(low) + __high2float(low)) + (__low2float(high) + __high2float(high));
#pragma unroll
    for (int lanes = 1; lanes < Span / 4; lanes *= 2) {
      sum += __shfl_xor_sync(kAllLanes, sum, lanes);
    }
    if (k % Span == 0) target.span_sums[k / Span] = sum * 0x1p-24F;
  }
}

/// The block's sum, in warp order; scratch holds a float per warp.
template <int Threads>
__device__ __forceinline__ float block_sum(float value, float* scratch) {
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
  sync_threads<Threads>();
  float sum = 0;
#pragma unroll
  for (int warp = 0; warp < Threads / 32; ++warp) sum += scratch[warp];
  return sum;
}

/// Waits for x once the norm weight is requested; a barrier is left to the caller.
template <int Threads, int Span, class Wait>
__device__ __forceinline__ void stage_normed_row(const RowSource& row, const RowTarget& target,
                                                 float* scratch, const Wait& wait) {
  constexpr int kHeld = 2;  // float4 per thread: 4096 features of 512 threads stay in registers
  constexpr int kStride = 4 * Threads;
  const int first = 4 * static_cast<int>(threadIdx.x);
  float4 weight[kHeld];
  float4 held[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    weight[i] = load_four(row.norm_weight, first + i * kStride, row.in_features);
  }
  wait();
#pragma unroll
  for (int i = 0; i < kHeld; ++i) held[i] = load_four(row.x, first + i * kStride, row.in_features);
  float squares = square_sum(held[0], square_sum(held[1], 0.0F));
#pragma unroll 1
  for (int k = first + kHeld * kStride; k < row.in_features; k += kStride) {
    squares = square_sum(load_four(row.x, k, row.in_features), squares);
  }
  const float mean = block_sum<Threads>(squares, scratch) / static_cast<float>(row.in_features);
  const float scale = rsqrtf(mean + row.norm_epsilon);
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int k = first + i * kStride;
    if (k < row.columns) store_four<Span>(target, k, held[i], weight[i], scale);
  }
#pragma unroll 1
  for (int k = first + kHeld * kStride; k < row.columns; k += kStride) {
    store_four<Span>(target, k, load_four(row.x, k, row.in_features),
                     load_four(row.norm_weight, k, row.in_features), scale);
  }
}

template <int Threads, int Span, class Wait>
__device__ __forceinline__ void stage_plain_row(const RowSource& row, const RowTarget& target,
                                                const Wait& wait) {
  constexpr int kHeld = 7;  // 14336 features of 512 threads are one round trip
  constexpr int kStride = 4 * Threads;
  const float4 ones = {1.0F, 1.0F, 1.0F, 1.0F};
  wait();
#pragma unroll 1
  for (int first = 4 * static_cast<int>(threadIdx.x); first < row.columns;
       first += kHeld * kStride) {
    float4 held[kHeld];
#pragma unroll
    for (int i = 0; i < kHeld; ++i) {
      held[i] = load_four(row.x, first + i * kStride, row.in_features);
    }
#pragma unroll
    for (int i = 0; i < kHeld; ++i) {
      const int k = first + i * kStride;
      if (k < row.columns) store_four<Span>(target, k, held[i], ones, 1.0F);
    }
  }
}

/// `wait` returns when x is there.
template <int Threads, int Span, class Wait>
__device__ __forceinline__ void stage_row(const RowSource& row, const RowTarget& target,
                                          float* scratch, const Wait& wait) {
  if (row.norm_weight != nullptr) {
    stage_normed_row<Threads, Span>(row, target, scratch, wait);
  } else {
    stage_plain_row<Threads, Span>(row, target, wait);
  }
}

/// x is what an earlier launch leaves.
template <int Threads, int Span>
__device__ __forceinline__ void stage_row(const RowSource& row, const RowTarget& target,
                                          float* scratch) {
  stage_row<Threads, Span>(row, target, scratch, [] { wait_for_predecessor(); });
}

}  // namespace salient::kernels::cuda
