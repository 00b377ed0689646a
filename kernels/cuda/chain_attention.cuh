// SPDX-License-Identifier: Apache-2.0
#pragma once

// Attention within a chain: one query head a block, or a part of its cached positions. A row of the
// cache is read by head_dim / 8 lanes, 16 bytes each; a warp takes tiles of 8 rows, which are asked
// for before the barrier that the query waits for. All arithmetic is float32; heads that share a
// key head find its rows in L2.

#include <cuda_fp16.h>

#include "kernels/cuda/block_barrier.cuh"
#include "kernels/cuda/chain_plan.h"
#include "kernels/cuda/grid_barrier.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {

/// How the cached positions of a head are cut.
struct ChainParts {
  int tiles;
  int parts;

  __device__ __forceinline__ ChainParts(int position, int most_parts) {
    tiles = position / ChainAttention::kTileRows + 1;
    parts = min(most_parts, (tiles + StreamPlan::kWarps - 1) / StreamPlan::kWarps);
  }
};

struct Eight {
  float values[8];
};

__device__ __forceinline__ Eight eight_floats(const uint4& halves) {
  const auto* pairs = reinterpret_cast<const __half2*>(&halves);
  Eight eight;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 pair = __half22float2(pairs[i]);
    eight.values[2 * i] = pair.x;
    eight.values[2 * i + 1] = pair.y;
  }
  return eight;
}
__device__ __forceinline__ uint4 eight_halves(const Eight& eight) {
  uint4 halves;
  auto* pairs = reinterpret_cast<__half2*>(&halves);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    pairs[i] = saturated_half2(eight.values[2 * i], eight.values[2 * i + 1]);
  }
  return halves;
}
/// Past L1, which may hold what an earlier stage saw.
__device__ __forceinline__ Eight load_eight(const float* from) {
  const float4 low = __ldcg(reinterpret_cast<const float4*>(from));
  const float4 high = __ldcg(reinterpret_cast<const float4*>(from) + 1);
  return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
}

/// One warp's share of one head. kLanes = head_dim / 8.
template <int kLanes>
class ChainHead {
 public:
  static constexpr int kDims = 8 * kLanes;
  static constexpr int kSides = 32 / kLanes;  ///< rows of one load
  static constexpr int kRows = ChainAttention::kTileRows;
  static constexpr int kLoads = kRows / kSides;

  __device__ ChainHead(const ChainAttention& attention, int head, int position)
      : attention_(attention),
        head_(head),
        position_(position),
        side_(static_cast<int>(threadIdx.x) % 32 / kLanes),
        dim_(static_cast<int>(threadIdx.x) % kLanes * 8) {
    const std::int64_t from = head / attention.group * attention.capacity * kDims + dim_;
    keys_from_ = attention.keys + from;
    values_from_ = attention.values + from;
  }

  /// Asks for the cached rows of a tile.
  __device__ __forceinline__ void request(int tile) {
#pragma unroll
    for (int i = 0; i < kLoads; ++i) keys_[i] = row(keys_from_, row_of(tile, i));
#pragma unroll
    for (int i = 0; i < kLoads; ++i) values_[i] = row(values_from_, row_of(tile, i));
  }

  /// The query, turned; `turns` [kDims / 2] are cosine and sine of this position.
  __device__ __forceinline__ void load_query(const float2* turns) {
    const float scale = 1.44269504F * rsqrtf(static_cast<float>(kDims));
    query_ = turned(attention_.q + head_ * kDims, turns);
#pragma unroll
    for (float& value : query_.values) value *= scale;
  }

  /// Puts this position's own key and value, halves as the cache will hold them, into the tile at
  /// hand, and into the cache if this head is the first of its key head.
  __device__ __forceinline__ void append(int tile, const float2* turns) {
    const int kv_head = head_ / attention_.group;
    const uint4 key = eight_halves(turned(attention_.k + kv_head * kDims, turns));
    const uint4 value = eight_halves(load_eight(attention_.v + kv_head * kDims + dim_));
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      if (row_of(tile, i) != position_) continue;
      keys_[i] = key;
      values_[i] = value;
    }
    if (head_ % attention_.group != 0 || side_ != 0) return;
    const std::int64_t at = static_cast<std::int64_t>(position_) * kDims;
    *reinterpret_cast<uint4*>(keys_from_ + at) = key;
    *reinterpret_cast<uint4*>(values_from_ + at) = value;
  }

  /// Adds the tile at hand; where `next` is a tile its rows are asked for.
  __device__ __forceinline__ void add(int tile, int next, int end) {
    float scores[kLoads];
    float most = top_;
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const Eight key = eight_floats(keys_[i]);
      float sum = 0;
#pragma unroll
      for (int d = 0; d < 8; ++d) sum = fmaf(query_.values[d], key.values[d], sum);
      scores[i] = sum;
    }
#pragma unroll
    for (int lanes = 1; lanes < kLanes; lanes *= 2) {
#pragma unroll
      for (float& score : scores) score += __shfl_xor_sync(kAllLanes, score, lanes);
    }
    if (next < end) {
#pragma unroll
      for (int i = 0; i < kLoads; ++i) keys_[i] = row(keys_from_, row_of(next, i));
    }
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      if (row_of(tile, i) > position_) scores[i] = -INFINITY;
      most = fmaxf(most, scores[i]);
    }
    if (most == -INFINITY) return;  // A side without rows; the last tile.
    const float shrink = exp2f(top_ - most);
    top_ = most;
    weight_ *= shrink;
#pragma unroll
    for (float& sum : sums_.values) sum *= shrink;
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
      const float weight = exp2f(scores[i] - most);
      weight_ += weight;
      const Eight value = eight_floats(values_[i]);
#pragma unroll
      for (int d = 0; d < 8; ++d) sums_.values[d] = fmaf(weight, value.values[d], sums_.values[d]);
    }
    if (next < end) {
#pragma unroll
      for (int i = 0; i < kLoads; ++i) values_[i] = row(values_from_, row_of(next, i));
    }
  }

  /// The sums of the warp to `sums` [kDims], largest score and weight to `top`.
  __device__ __forceinline__ void store(float* sums, float2* top) {
#pragma unroll
    for (int lanes = kLanes; lanes < 32; lanes *= 2) {
      const float other = __shfl_xor_sync(kAllLanes, top_, lanes);
      const float most = fmaxf(top_, other);
      const float share = top_ == -INFINITY ? 0.0F : exp2f(top_ - most);
      top_ = most;
      weight_ *= share;
      weight_ += __shfl_xor_sync(kAllLanes, weight_, lanes);
#pragma unroll
      for (float& sum : sums_.values) {
        sum *= share;
        sum += __shfl_xor_sync(kAllLanes, sum, lanes);
      }
    }
    if (side_ != 0) return;
    auto* place = reinterpret_cast<float4*>(sums + dim_);
    place[0] = {sums_.values[0], sums_.values[1], sums_.values[2], sums_.values[3]};
    place[1] = {sums_.values[4], sums_.values[5], sums_.values[6], sums_.values[7]};
    if (dim_ == 0) *top = {top_, weight_};
  }

 private:
  __device__ __forceinline__ int row_of(int tile, int load) const {
    return tile * kRows + load * kSides + side_;
  }
  /// A cached row's 16 bytes, past L1; zeros from this position on.
  __device__ __forceinline__ uint4 row(const std::uint16_t* from, int index) const {
    uint4 x;
    asm volatile(
        "{ .reg .pred p; setp.ne.u32 p, %5, 0; mov.u32 %0, 0; mov.u32 %1, 0; mov.u32 %2, 0; "
        "mov.u32 %3, 0; @p ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4]; }"
        : "=&r"(x.x), "=&r"(x.y), "=&r"(x.z), "=&r"(x.w)
        : "l"(from + static_cast<std::int64_t>(index) * kDims),
          "r"(static_cast<unsigned>(index < position_)));
    return x;
  }
  /// This lane's dims of a row of float32, turned.
  __device__ __forceinline__ Eight turned(const float* row, const float2* turns) const {
    constexpr int kHalf = kDims / 2;
    const bool first = dim_ < kHalf;
    const Eight own = load_eight(row + dim_);
    const Eight other = load_eight(row + (first ? dim_ + kHalf : dim_ - kHalf));
    Eight result;
#pragma unroll
    for (int d = 0; d < 8; ++d) {
      const float2 turn = turns[dim_ % kHalf + d];
      const float sine = first ? -turn.y : turn.y;
      result.values[d] = own.values[d] * turn.x + other.values[d] * sine;
    }
    return result;
  }

  const ChainAttention& attention_;
  int head_;
  int position_;
  int side_;
  int dim_;
  std::uint16_t* keys_from_;
  std::uint16_t* values_from_;
  uint4 keys_[kLoads];
  uint4 values_[kLoads];
  Eight query_ = {};
  Eight sums_ = {};
  float top_ = -INFINITY;
  float weight_ = 0;
};

/// The sums of all warps, [warps][kDims] and [warps], become this block's part.
template <int kDims>
__device__ __forceinline__ void store_part(const ChainAttention& attention, int head, int part,
                                           const float* sums, const float2* tops) {
  const int dim = static_cast<int>(threadIdx.x);
  if (dim >= kDims) return;
  float most = -INFINITY;
#pragma unroll
  for (int warp = 0; warp < StreamPlan::kWarps; ++warp) most = fmaxf(most, tops[warp].x);
  float sum = 0;
  float weight = 0;
#pragma unroll
  for (int warp = 0; warp < StreamPlan::kWarps; ++warp) {
    const float2 top = tops[warp];
    const float share = top.x == -INFINITY ? 0.0F : exp2f(top.x - most);
    sum = fmaf(share, sums[warp * kDims + dim], sum);
    weight = fmaf(share, top.y, weight);
  }
  const int at = part * attention.heads + head;
  attention.sums[at * kDims + dim] = sum;
  if (dim == 0) attention.tops[at] = {most, weight};
}

/// One stage by one block. The queries are there behind `barrier`; `scratch` holds
/// [warps][kDims + 2] floats.
template <int kLanes>
__device__ __forceinline__ void attend(const ChainAttention& attention, int position,
                                       const float2* turns, float* scratch,
                                       GridBarrier<StreamPlan::kThreads> barrier) {
  constexpr int kDims = 8 * kLanes;
  const ChainParts cut(position, attention.most_parts);
  const int head = static_cast<int>(blockIdx.x) % attention.heads;
  const int part = static_cast<int>(blockIdx.x) / attention.heads;
  if (part >= cut.parts) return barrier.wait();
  const int each = (cut.tiles + cut.parts - 1) / cut.parts;
  const int end = min((part + 1) * each, cut.tiles);
  const int warp = static_cast<int>(threadIdx.x / 32);
  int tile = part * each + warp;
  ChainHead<kLanes> own(attention, head, position);
  if (tile < end) own.request(tile);
  barrier.wait();
  if (tile < end) own.load_query(turns);
#pragma unroll 1
  for (; tile < end; tile += StreamPlan::kWarps) {
    if (tile == cut.tiles - 1) own.append(tile, turns);
    own.add(tile, tile + StreamPlan::kWarps, end);
  }
  auto* tops = reinterpret_cast<float2*>(scratch + StreamPlan::kWarps * kDims);
  own.store(scratch + warp * kDims, tops + warp);
  sync_threads<StreamPlan::kThreads>();
  store_part<kDims>(attention, head, part, scratch, tops);
}

}  // namespace salient::kernels::cuda
