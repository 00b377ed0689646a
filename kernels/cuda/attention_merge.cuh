// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts of one token's attention become its output, in an order that is fixed: the warps of a
// block in its shared memory, then the blocks of a key head in global memory by the last of them
// to finish. A part is a query head's largest score, its sum of weights against it, and its
// weighted sum of values. (Merging through the shared memory of a cluster was slower: gathering
// from sixteen blocks took 4 us, and clusters of eight do not all fit at once.)

#include <cstdint>

#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {

constexpr int kGroupHeads = 8;
/// A lane of the merge for each.
constexpr int kMaxSplits = kWarp;

/// What the warps of a block leave, and the factor of each of them.
template <int kDims, int kWarps>
struct WarpParts {
  alignas(16) float sums[kWarps][kGroupHeads][kDims];
  float2 tops[kWarps][kGroupHeads];  ///< largest score, sum of weights
};

/// Largest score and sum of weights of all warps.
template <int kDims, int kWarps>
__device__ float2 top_of(const WarpParts<kDims, kWarps>& parts, int head) {
  float2 all = make_float2(-INFINITY, 0);
#pragma unroll
  for (int w = 0; w < kWarps; ++w) all.x = fmaxf(all.x, parts.tops[w][head].x);
#pragma unroll
  for (int w = 0; w < kWarps; ++w) {
    all.y += parts.tops[w][head].y * exp2f(parts.tops[w][head].x - all.x);
  }
  return all;
}

/// The weighted sum of all warps against their largest score.
template <int kDims, int kWarps>
__device__ float sum_of(const WarpParts<kDims, kWarps>& parts, int head, int dim, float top) {
  float sum = 0;
#pragma unroll
  for (int w = 0; w < kWarps; ++w) {
    sum += parts.sums[w][head][dim] * exp2f(parts.tops[w][head].x - top);
  }
  return sum;
}

/// The blocks of one key head in global memory.
struct BlockParts {
  float2* tops;  ///< [splits, 8]
  float* sums;   ///< [splits, 8, dims]
  int dims;
};

/// Whether this block is the last of `blocks` to come here; what all of them wrote is visible.
__device__ inline bool is_last(unsigned* ticket, int blocks) {
  __shared__ bool last;
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    last = atomicAdd(ticket, 1U) + 1 == static_cast<unsigned>(blocks);
    if (last) *ticket = 0;
    __threadfence();
  }
  __syncthreads();
  return last;
}

/// out [heads, dims] from `splits` parts; `shares` [kMaxSplits][8] is shared memory. The first
/// sums are on their way while the shares are worked out.
template <int kThreads>
__device__ void merge_blocks(const BlockParts& parts, int splits, int heads,
                             float (&shares)[kMaxSplits][kGroupHeads], float* out) {
  constexpr int kEarly = 8;
  const int thread = static_cast<int>(threadIdx.x);
  const auto load = [&](int split, int element) {
    const int at = split * kGroupHeads * parts.dims + element;
    return __ldcg(reinterpret_cast<const float4*>(parts.sums + at));
  };
  const int count = heads * parts.dims;
  const int first = 4 * thread;
  float4 early[kEarly];
#pragma unroll
  for (int s = 0; s < kEarly; ++s) {
    if (s < splits && first < count) early[s] = load(s, first);
  }
  const int lane = thread % kWarp;
  for (int head = thread / kWarp; head < heads; head += kThreads / kWarp) {
    float2 top = make_float2(-INFINITY, 0);
    if (lane < splits) top = __ldcg(&parts.tops[lane * kGroupHeads + head]);
    const float share = exp2f(top.x - warp_max(top.x));
    shares[lane][head] = share / warp_sum(share * top.y);
  }
  __syncthreads();
  for (int element = first; element < count; element += 4 * kThreads) {
    const int head = element / parts.dims;
    float4 sum = make_float4(0, 0, 0, 0);
    const auto add = [&](int split, const float4& own) {
      const float share = shares[split][head];
      sum.x += share * own.x;
      sum.y += share * own.y;
      sum.z += share * own.z;
      sum.w += share * own.w;
    };
#pragma unroll
    for (int s = 0; s < kEarly; ++s) {
      if (s < splits) add(s, element == first ? early[s] : load(s, element));
    }
#pragma unroll 4
    for (int s = kEarly; s < splits; ++s) add(s, load(s, element));
    *reinterpret_cast<float4*>(out + element) = sum;
  }
}

}  // namespace salient::kernels::cuda
