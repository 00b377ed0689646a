// SPDX-License-Identifier: Apache-2.0
#pragma once

// The share of one warp in the attention of a chunk of tokens: kTiles times 16 rows (tokens) of
// one head against tiles of keys and values in shared memory, products on tensor cores, softmax
// and sums in registers as they come (flash attention). Rows are padded by 16 bytes, so that eight
// of them lie in different banks.

#include <cstdint>

#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {

/// 2 to the power of x, two units in the last place, zero for minus infinity.
__device__ __forceinline__ float exp2_fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

template <int kDims, int kTiles, int kKeys>
class PrefillWarp {
 public:
  static constexpr int kRows = 16 * kTiles;
  static constexpr int kStride = kDims + 8;

  /// queries: this warp's rows [kRows, kStride], scaled by log2(e) / sqrt(head_dim).
  __device__ PrefillWarp(const __half* queries, int lane) : lane_(lane) {
    query_row_ = queries + lane % 16 * kStride + 8 * (lane / 16);
    key_row_ = (lane % 8 + lane / 16 * 8) * kStride + lane / 8 % 2 * 8;
    value_row_ = lane % 16 * kStride + 8 * (lane / 16);
#pragma unroll
    for (int i = 0; i < 2 * kTiles; ++i) top_[i / 2][i % 2] = -INFINITY;
  }

  /// Scores of all rows against keys [kKeys, kStride].
  __device__ void score(const __half* keys) {
#pragma unroll
    for (int i = 0; i < kTiles * kKeys / 2; ++i)
      scores_[i / (kKeys / 2)][i / 4 % (kKeys / 8)][i % 4] = 0;
#pragma unroll
    for (int d = 0; d < kDims; d += 16) {
      Operand query[kTiles];
#pragma unroll
      for (int r = 0; r < kTiles; ++r) query[r] = load_blocks(query_row_ + 16 * r * kStride + d);
#pragma unroll
      for (int n = 0; n < kKeys / 16; ++n) {
        const Operand key = load_blocks(keys + key_row_ + 16 * n * kStride + d);
#pragma unroll
        for (int r = 0; r < kTiles; ++r) {
          multiply_add(scores_[r][2 * n], query[r], key.part[0], key.part[1]);
          multiply_add(scores_[r][2 * n + 1], query[r], key.part[2], key.part[3]);
        }
      }
    }
  }

  /// Hides keys after a row's own: row r sees the first `visible` + r keys of this tile.
  __device__ void hide(int visible) {
#pragma unroll
    for (int r = 0; r < kTiles; ++r) {
#pragma unroll
      for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
        for (int c = 0; c < 4; ++c) {
          const int row = 16 * r + lane_ / 4 + 8 * (c / 2);
          const int key = 8 * n + 2 * (lane_ % 4) + c % 2;
          if (key >= visible + row) scores_[r][n][c] = -INFINITY;
        }
      }
    }
  }

  /// Scores become weights against the largest so far; the sums shrink when it rises.
  __device__ void weigh() {
#pragma unroll
    for (int r = 0; r < kTiles; ++r) {
#pragma unroll
      for (int upper = 0; upper < 2; ++upper) {
        const float before = top_[r][upper];
        float most = before;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
          most = fmaxf(most, fmaxf(scores_[r][n][2 * upper], scores_[r][n][2 * upper + 1]));
        }
        most = fmaxf(most, __shfl_xor_sync(kAllLanes, most, 1));
        most = fmaxf(most, __shfl_xor_sync(kAllLanes, most, 2));
        top_[r][upper] = most;
        const float factor = exp2_fast(before - most);
        float weight = 0;
#pragma unroll
        for (int n = 0; n < kKeys / 8; ++n) {
#pragma unroll
          for (int c = 2 * upper; c < 2 * upper + 2; ++c) {
            scores_[r][n][c] = exp2_fast(scores_[r][n][c] - most);
            weight += scores_[r][n][c];
          }
        }
        weight_[r][upper] = weight_[r][upper] * factor + weight;
#pragma unroll
        for (int d = 0; d < kDims / 8; ++d) {
          sums_[r][d][2 * upper] *= factor;
          sums_[r][d][2 * upper + 1] *= factor;
        }
      }
    }
  }

  /// Adds the weighted values [kKeys, kStride].
  __device__ void accumulate(const __half* values) {
#pragma unroll
    for (int n = 0; n < kKeys / 16; ++n) {
      Operand weights[kTiles];
#pragma unroll
      for (int r = 0; r < kTiles; ++r) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float* pair = &scores_[r][2 * n + i / 2][i % 2 * 2];
          weights[r].part[i] = bits_of(__floats2half2_rn(pair[0], pair[1]));
        }
      }
#pragma unroll
      for (int d = 0; d < kDims / 16; ++d) {
        const Operand value = load_blocks_turned(values + value_row_ + 16 * n * kStride + 16 * d);
#pragma unroll
        for (int r = 0; r < kTiles; ++r) {
          multiply_add(sums_[r][2 * d], weights[r], value.part[0], value.part[1]);
          multiply_add(sums_[r][2 * d + 1], weights[r], value.part[2], value.part[3]);
        }
      }
    }
  }

  /// Normalized rows 0 … rows - 1 to out, `stride` floats apart, `dims` of each.
  __device__ void store(float* out, std::int64_t stride, int rows, int dims) const {
#pragma unroll
    for (int r = 0; r < kTiles; ++r) {
#pragma unroll
      for (int upper = 0; upper < 2; ++upper) {
        float weight = weight_[r][upper];
        weight += __shfl_xor_sync(kAllLanes, weight, 1);
        weight += __shfl_xor_sync(kAllLanes, weight, 2);
        const float factor = 1.0F / weight;
        const int row = 16 * r + lane_ / 4 + 8 * upper;
        if (row >= rows) continue;
        float* to = out + row * stride + 2 * (lane_ % 4);
#pragma unroll
        for (int d = 0; d < kDims / 8; ++d) {
          if (8 * d >= dims) continue;
          *reinterpret_cast<float2*>(to + 8 * d) =
              make_float2(sums_[r][d][2 * upper] * factor, sums_[r][d][2 * upper + 1] * factor);
        }
      }
    }
  }

 private:
  int lane_;
  const __half* query_row_;
  int key_row_;
  int value_row_;
  float scores_[kTiles][kKeys / 8][4];
  float sums_[kTiles][kDims / 8][4] = {};
  float top_[kTiles][2];
  float weight_[kTiles][2] = {};
};

}  // namespace salient::kernels::cuda
