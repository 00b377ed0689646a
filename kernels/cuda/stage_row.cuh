// SPDX-License-Identifier: Apache-2.0
#pragma once

// One token's activations, RMS-normalized if asked, as half: float32 in global memory to half in
// shared or global memory, by a whole block. The norm is finished before rounding, so that large
// residuals do not saturate.

#include <cuda_fp16.h>

#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/tile_read.cuh"
#include "kernels/cuda/warp_sum.cuh"

namespace salient::kernels::cuda {

struct RowSource {
  const float* x;            ///< [in_features]
  const float* norm_weight;  ///< [in_features] or nullptr
  float norm_epsilon;
  int in_features;
  int columns;  ///< written; zeros behind in_features; a multiple of 4
};

/// Past L1, which may hold what an earlier launch saw.
__device__ __forceinline__ float4 load_four(const float* x, int k, int count) {
  if (k + 4 <= count && reinterpret_cast<std::uintptr_t>(x) % 16 == 0) {
    return __ldcg(reinterpret_cast<const float4*>(x + k));
  }
  return {k < count ? __ldcg(x + k) : 0.0F, k + 1 < count ? __ldcg(x + k + 1) : 0.0F,
          k + 2 < count ? __ldcg(x + k + 2) : 0.0F, k + 3 < count ? __ldcg(x + k + 3) : 0.0F};
}

__device__ __forceinline__ void store_four(__half* target, int k, float4 x, float4 factor) {
  const __half2 low =
      __halves2half2(to_half_saturated(x.x * factor.x), to_half_saturated(x.y * factor.y));
  const __half2 high =
      __halves2half2(to_half_saturated(x.z * factor.z), to_half_saturated(x.w * factor.w));
  uint2 both;
  both.x = *reinterpret_cast<const std::uint32_t*>(&low);
  both.y = *reinterpret_cast<const std::uint32_t*>(&high);
  *reinterpret_cast<uint2*>(target + k) = both;
}

__device__ __forceinline__ float4 scaled(float4 x, float factor) {
  return {x.x * factor, x.y * factor, x.z * factor, x.w * factor};
}

__device__ __forceinline__ float square_sum(float4 x, float sum) {
  return fmaf(x.x, x.x, fmaf(x.y, x.y, fmaf(x.z, x.z, fmaf(x.w, x.w, sum))));
}

/// The block's sum, in warp order; scratch holds a float per warp.
template <int Threads>
__device__ __forceinline__ float block_sum(float value, float* scratch) {
  value = warp_sum(value);
  if (threadIdx.x % 32 == 0) scratch[threadIdx.x / 32] = value;
  __syncthreads();
  float sum = 0;
#pragma unroll
  for (int warp = 0; warp < Threads / 32; ++warp) sum += scratch[warp];
  return sum;
}

/// Waits for earlier launches once the norm weight is requested; a barrier is left to the caller.
template <int Threads>
__device__ __forceinline__ void stage_row(const RowSource& row, __half* target, float* scratch) {
  constexpr int kHeld = 2;  // float4 per thread: 4096 features of 512 threads stay in registers
  const float4 ones = {1.0F, 1.0F, 1.0F, 1.0F};
  const int first = 4 * static_cast<int>(threadIdx.x);
  float4 weight[kHeld];
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int k = first + i * 4 * Threads;
    weight[i] = row.norm_weight == nullptr ? ones : load_four(row.norm_weight, k, row.in_features);
  }
  wait_for_predecessor();
  float4 held[kHeld];
  float squares = 0;
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    held[i] = load_four(row.x, first + i * 4 * Threads, row.in_features);
  }
#pragma unroll
  for (int i = 0; i < kHeld; ++i) squares = square_sum(held[i], squares);
  float scale = 1.0F;
  if (row.norm_weight != nullptr) {
    for (int k = first + kHeld * 4 * Threads; k < row.in_features; k += 4 * Threads) {
      squares = square_sum(load_four(row.x, k, row.in_features), squares);
    }
    const float mean = block_sum<Threads>(squares, scratch) / static_cast<float>(row.in_features);
    scale = rsqrtf(mean + row.norm_epsilon);
  }
#pragma unroll
  for (int i = 0; i < kHeld; ++i) {
    const int k = first + i * 4 * Threads;
    if (k < row.columns) store_four(target, k, held[i], scaled(weight[i], scale));
  }
  for (int k = first + kHeld * 4 * Threads; k < row.columns; k += 4 * Threads) {
    const float4 factor =
        row.norm_weight == nullptr ? ones : load_four(row.norm_weight, k, row.in_features);
    store_four(target, k, load_four(row.x, k, row.in_features), scaled(factor, scale));
  }
}

}  // namespace salient::kernels::cuda
