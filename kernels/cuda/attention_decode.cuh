// SPDX-License-Identifier: Apache-2.0
#pragma once

// The share of one warp in the attention of one token: tiles of 16 cached positions, straight from
// the cache into the operands of the tensor cores. Up to eight query heads that share a key head
// are the rows of one product, so keys and values are read once for all of them. The other eight
// rows carry what the upper ones lose when they are rounded to half: queries and probabilities
// keep 22 bits at no cost.
//
// Lanes are (g, t) = (lane / 4, lane % 4). The order of a product's inner dimension is free, so a
// lane loads 16 contiguous bytes: of key g dims 32s + 8t … + 7 (two products a slice s), and of
// values 2t, 2t + 1, 8 + 2t, 9 + 2t dims 64h + 8g … + 7 (eight products a slice h, product j of
// dims 64h + 8n + j).

#include <cstdint>

#include "kernels/cuda/attention_merge.cuh"
#include "kernels/cuda/mma.cuh"

namespace salient::kernels::cuda {

constexpr int kTileKeys = 16;

/// Where one key head's cache is, and how far it may be read.
struct CacheRows {
  const __half* keys;    ///< [capacity, head_dim]
  const __half* values;  ///< [capacity, head_dim]
  int head_dim;
  int position;  ///< rows below it are cached; its own row is in shared memory
};

/// kSlices slices of 64 dims.
template <int kSlices>
struct DecodeShared {
  static constexpr int kDims = 64 * kSlices;
  /// Rows two apart must not share banks when eight lanes read 16 bytes each.
  static constexpr int kQueryStride = kDims + 32;
  /// [upper or lower part, head, dim], scaled by log2(e) / sqrt(head_dim).
  alignas(16) __half queries[2][kGroupHeads][kQueryStride];
  alignas(16) __half new_key[kDims];
  alignas(16) __half new_value[kDims];
};

/// kDepth tiles are under way at once; `d` names one of them.
template <int kSlices, int kDepth>
class DecodeWarp {
 public:
  static constexpr int kDims = 64 * kSlices;

  __device__ explicit DecodeWarp(int lane) : g_(lane / 4), t_(lane % 4) {}

  __device__ void load_keys(int d, const CacheRows& rows, int tile) {
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const int key = tile * kTileKeys + 8 * n + g_;
      const __half* row = rows.keys + static_cast<std::int64_t>(key) * rows.head_dim;
#pragma unroll
      for (int s = 0; s < 2 * kSlices; ++s) {
        const int dim = 32 * s + 8 * t_;
        keys_[d][n][s] = load(row + dim, key < rows.position && dim < rows.head_dim);
      }
    }
  }

  __device__ void load_values(int d, const CacheRows& rows, int tile) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int key = value_of(tile, i);
      const __half* row = rows.values + static_cast<std::int64_t>(key) * rows.head_dim;
#pragma unroll
      for (int h = 0; h < kSlices; ++h) {
        const int dim = 64 * h + 8 * g_;
        values_[d][i][h] = load(row + dim, key < rows.position && dim < rows.head_dim);
      }
    }
  }

  /// The row of this token comes from shared memory: the cache has only just been written.
  __device__ void take_new_key(int d, const DecodeShared<kSlices>& shared, int tile, int position) {
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      if (tile * kTileKeys + 8 * n + g_ != position) continue;
#pragma unroll
      for (int s = 0; s < 2 * kSlices; ++s)
        keys_[d][n][s] = vector_at(shared.new_key + 32 * s + 8 * t_);
    }
  }
  __device__ void take_new_value(int d, const DecodeShared<kSlices>& shared, int tile,
                                 int position) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (value_of(tile, i) != position) continue;
#pragma unroll
      for (int h = 0; h < kSlices; ++h) {
        values_[d][i][h] = vector_at(shared.new_value + 64 * h + 8 * g_);
      }
    }
  }

  /// Scores of head g at keys 2t, 2t + 1, 8 + 2t, 9 + 2t of the tile, in units of log 2.
  __device__ void score(int d, const DecodeShared<kSlices>& shared) {
    float sum[2][2][4] = {};
#pragma unroll
    for (int s = 0; s < 2 * kSlices; ++s) {
      const uint4 upper = vector_at(&shared.queries[0][g_][32 * s + 8 * t_]);
      const uint4 lower = vector_at(&shared.queries[1][g_][32 * s + 8 * t_]);
      const Operand first = {{upper.x, lower.x, upper.y, lower.y}};
      const Operand second = {{upper.z, lower.z, upper.w, lower.w}};
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        multiply_add(sum[n][0], first, keys_[d][n][s].x, keys_[d][n][s].y);
        multiply_add(sum[n][1], second, keys_[d][n][s].z, keys_[d][n][s].w);
      }
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float(&own)[2][4] = sum[i / 2];
      scores_[i] = (own[0][i % 2] + own[0][i % 2 + 2]) + (own[1][i % 2] + own[1][i % 2 + 2]);
    }
  }

  /// Turns scores into weights against the largest so far, shrinking the sums when it rises.
  __device__ void weigh(int tile, int position) {
    float most = top_;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (value_of(tile, i) > position) scores_[i] = -INFINITY;
      most = fmaxf(most, scores_[i]);
    }
    most = fmaxf(most, __shfl_xor_sync(0xFFFFFFFFU, most, 1));
    most = fmaxf(most, __shfl_xor_sync(0xFFFFFFFFU, most, 2));
    if (__any_sync(0xFFFFFFFFU, most != top_)) shrink(exp2f(top_ - most));
    top_ = most;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      scores_[i] = exp2f(scores_[i] - top_);
      weight_ += scores_[i];
    }
  }

  /// Adds the weighted values of the tile.
  __device__ void accumulate(int d) {
    Operand weights;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      const __half2 upper = __floats2half2_rn(scores_[2 * n], scores_[2 * n + 1]);
      const float2 kept = __half22float2(upper);
      weights.part[2 * n] = bits_of(upper);
      weights.part[2 * n + 1] =
          bits_of(__floats2half2_rn(scores_[2 * n] - kept.x, scores_[2 * n + 1] - kept.y));
    }
#pragma unroll
    for (int h = 0; h < kSlices; ++h) {
      add_pair(h, 0, weights, values_[d][0][h].x, values_[d][1][h].x, values_[d][2][h].x,
               values_[d][3][h].x);
      add_pair(h, 2, weights, values_[d][0][h].y, values_[d][1][h].y, values_[d][2][h].y,
               values_[d][3][h].y);
      add_pair(h, 4, weights, values_[d][0][h].z, values_[d][1][h].z, values_[d][2][h].z,
               values_[d][3][h].z);
      add_pair(h, 6, weights, values_[d][0][h].w, values_[d][1][h].w, values_[d][2][h].w,
               values_[d][3][h].w);
    }
  }

  /// Sums of head g, unnormalized, to row [kDims]; `top` and `weight` belong to them.
  __device__ void store_sums(float* row) const {
#pragma unroll
    for (int h = 0; h < kSlices; ++h) {
#pragma unroll
      for (int c = 0; c < 2; ++c) {
        float4* to = reinterpret_cast<float4*>(row + 64 * h + 16 * t_ + 8 * c);
        to[0] = make_float4(sum(h, 0, c), sum(h, 1, c), sum(h, 2, c), sum(h, 3, c));
        to[1] = make_float4(sum(h, 4, c), sum(h, 5, c), sum(h, 6, c), sum(h, 7, c));
      }
    }
  }
  __device__ float top() const {
    return top_;
  }
  __device__ float weight() const {
    const float pair = weight_ + __shfl_xor_sync(0xFFFFFFFFU, weight_, 1);
    return pair + __shfl_xor_sync(0xFFFFFFFFU, pair, 2);
  }
  __device__ int head() const {
    return g_;
  }
  __device__ bool leads_head() const {
    return t_ == 0;
  }

 private:
  /// Past the L1, whose lines another launch may have outdated; zeros where not `valid`. The
  /// predicate is inside: a branch around each of sixteen loads costs more than the loads.
  __device__ static uint4 load(const __half* from, bool valid) {
    uint4 x;
    asm volatile(
        "{ .reg .pred p; setp.ne.u32 p, %5, 0; mov.u32 %0, 0; mov.u32 %1, 0; mov.u32 %2, 0; "
        "mov.u32 %3, 0; @p ld.global.cg.v4.u32 {%0, %1, %2, %3}, [%4]; }"
        : "=&r"(x.x), "=&r"(x.y), "=&r"(x.z), "=&r"(x.w)
        : "l"(from), "r"(static_cast<unsigned>(valid)));
    return x;
  }
  __device__ static uint4 vector_at(const __half* from) {
    return *reinterpret_cast<const uint4*>(from);
  }
  __device__ int value_of(int tile, int i) const {
    return tile * kTileKeys + 8 * (i / 2) + 2 * t_ + i % 2;
  }
  __device__ float sum(int h, int j, int column) const {
    return sums_[h][j][column] + sums_[h][j][column + 2];
  }
  __device__ void shrink(float factor) {
    weight_ *= factor;
#pragma unroll
    for (int i = 0; i < kSlices * 8 * 4; ++i) sums_[i / 32][i / 4 % 8][i % 4] *= factor;
  }
  __device__ void add_pair(int h, int j, const Operand& weights, std::uint32_t a, std::uint32_t b,
                           std::uint32_t c, std::uint32_t d) {
    multiply_add(sums_[h][j], weights, low_halves(a, b), low_halves(c, d));
    multiply_add(sums_[h][j + 1], weights, high_halves(a, b), high_halves(c, d));
  }

  int g_;
  int t_;
  uint4 keys_[kDepth][2][2 * kSlices];
  uint4 values_[kDepth][4][kSlices];
  float scores_[4];
  float sums_[kSlices][8][4] = {};
  float top_ = -INFINITY;
  float weight_ = 0;
};

}  // namespace salient::kernels::cuda
