// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two passes that every kernel of rounding.cu makes over a few rows: first the grid of each
// group, kept in shared memory, then every weight once more, out of the cache. A block takes kRows
// rows so that the channel scales are loaded once for them.

#include "kernels/cuda/rounding_grid.cuh"

namespace salient::kernels::cuda {

inline constexpr int kRoundingThreads = 256;
inline constexpr unsigned kAllLanes = 0xFFFFFFFFU;
inline constexpr float kInfinity = __builtin_huge_valf();

/// The rows of one block and one candidate.
struct RowBlock {
  const float* weight;  ///< [rows, columns]
  const float* scales;  ///< [columns] or nullptr
  const float* clip;    ///< [rows, groups] or nullptr
  const float* root;    ///< [columns] or nullptr: bounds of E·diag(root) are wanted
  GridRule rule;
  int rows;
  int columns;
  int group_size;
  int groups;

  __device__ float limit(int row, int group) const {
    return clip == nullptr ? kInfinity : clip[static_cast<std::int64_t>(row) * groups + group];
  }
  __device__ float scale(int column) const { return scales == nullptr ? 1.0F : scales[column]; }
  __device__ float at(int row, int column) const {
    return weight[static_cast<std::int64_t>(row) * columns + column];
  }
};

struct Range {
  float low = kInfinity;
  float high = -kInfinity;
  float reach = 0;  ///< the largest root / s

  __device__ void add(float value) {
    low = fminf(value, low);
    high = fmaxf(value, high);
  }
  /// Over a warp.
  __device__ void combine() {
    for (int offset = 16; offset > 0; offset /= 2) {
      low = fminf(__shfl_xor_sync(kAllLanes, low, offset), low);
      high = fmaxf(__shfl_xor_sync(kAllLanes, high, offset), high);
      reach = fmaxf(__shfl_xor_sync(kAllLanes, reach, offset), reach);
    }
  }
};

/// A grid and 1 / step.
struct SolvedGrid {
  GroupGrid grid;
  float inverse;
};

/// Grids of kRows rows: [kRows, groups] in shared memory.
struct GridTable {
  SolvedGrid* grids;
  int groups;
  __device__ SolvedGrid& at(int row, int group) const { return grids[row * groups + group]; }
};

/// Solves one group; returns a bound of its errors in units of E·diag(root). Inside the grid an
/// error is at most half a step; outside it grows towards the ends of the range.
__device__ __forceinline__ float solve_group(const RowBlock& block, const GridTable& table, int row,
                                             int group, const Range& range, bool keeps) {
  const float limit = block.limit(row, group);
  const GroupGrid grid = solve_grid(block.rule, fmaxf(range.low, -limit), fminf(range.high, limit));
  if (keeps) table.at(row, group) = {grid, __frcp_rn(grid.step)};
  if (block.root == nullptr) return 0.0F;
  const float below =
      fabsf(value_of(grid, code_of(block.rule, grid, range.low, limit)) - range.low);
  const float above =
      fabsf(value_of(grid, code_of(block.rule, grid, range.high, limit)) - range.high);
  return fmaxf(0.501F * grid.step, 1.001F * fmaxf(below, above)) * range.reach;
}

/// What bounds the scaled errors of each row, by warp. No error is larger than half a step (but
/// outside the grid) nor than the scaled weight itself, for a weight next to zero rounds to it.
template <int kRows>
struct RowBounds {
  float by_step[kRows][kRoundingThreads / 32];
  float by_weight[kRows][kRoundingThreads / 32];

  __device__ float of(int row) const {
    float step = 0, weight = 0;
    for (const float bound : by_step[row]) step = fmaxf(step, bound);
    for (const float bound : by_weight[row]) weight = fmaxf(weight, bound);
    return fminf(step, 1.001F * weight);
  }
};

/// Four rows at a time, so that reductions of their ranges share shuffles: in each of the first
/// steps a lane keeps one half of the numbers and hands the other half to its neighbour.
struct FourRows {
  static constexpr int kRows = 4;
  bool high, second_pair, second;  ///< which number this lane ends up with
  int row;

  __device__ explicit FourRows(int lane)
      : high((lane & 1) != 0),
        second_pair((lane & 2) != 0),
        second((lane & 4) != 0),
        row((second_pair ? 2 : 0) + (second ? 1 : 0)) {}

  __device__ static float kept(bool upper, float a, float b, int offset) {
    const float sent = upper ? a : b;
    return fmaxf(upper ? b : a, __shfl_xor_sync(kAllLanes, sent, offset));
  }
  /// The maximum of one number per row over 2, 4 … 32 lanes; a lane gets that of its row.
  __device__ float largest_of_rows(const float (&of_row)[kRows]) const {
    const float first = kept(second_pair, of_row[0], of_row[2], 2);
    const float last = kept(second_pair, of_row[1], of_row[3], 2);
    return over_warp(kept(second, first, last, 4));
  }
  /// Over the lanes that have the same row.
  __device__ static float over_warp(float value) {
    value = fmaxf(value, __shfl_xor_sync(kAllLanes, value, 1));
    value = fmaxf(value, __shfl_xor_sync(kAllLanes, value, 8));
    return fmaxf(value, __shfl_xor_sync(kAllLanes, value, 16));
  }
  /// The range of the lane's row over the `lanes` neighbours that hold one group.
  __device__ Range range(const float (&below)[kRows], const float (&above)[kRows],
                         int lanes) const {
    float of_row[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r) of_row[r] = kept(high, below[r], above[r], 1);
    const float first = kept(second_pair, of_row[0], of_row[2], 2);
    const float last = kept(second_pair, of_row[1], of_row[3], 2);
    float own = kept(second, first, last, 4);
    for (int offset = 8; offset < lanes; offset *= 2) {
      own = fmaxf(own, __shfl_xor_sync(kAllLanes, own, offset));
    }
    const float other = __shfl_xor_sync(kAllLanes, own, 1);
    Range range;
    range.low = high ? -other : -own;
    range.high = high ? own : other;
    return range;
  }
};

/// Groups of 32, 64 or 128 columns, four columns a lane.
template <bool kBounds>
__device__ void solve_four_rows(const RowBlock& block, const GridTable& table,
                                RowBounds<FourRows::kRows>& bounds) {
  constexpr int kRows = FourRows::kRows;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lanes = block.group_size / 4;
  const bool keeps = lane % 2 == 0 && lane % lanes < 8;
  const FourRows four(lane);
  float bound = 0;
  float peaks[kRows] = {};
  for (int base = warp * 128; base < block.columns; base += kRoundingThreads / 32 * 128) {
    const int column = base + lane * 4;
    const bool inside = column < block.columns;
    float4 s = {1.0F, 1.0F, 1.0F, 1.0F};
    float4 root = {};
    if (inside && block.scales != nullptr) {
      s = *reinterpret_cast<const float4*>(block.scales + column);
    }
    float reach = 0;
    if (kBounds && inside) {
      root = *reinterpret_cast<const float4*>(block.root + column);
      reach = fmaxf(fmaxf(__fdividef(root.x, s.x), __fdividef(root.y, s.y)),
                    fmaxf(__fdividef(root.z, s.z), __fdividef(root.w, s.w)));
    }
    float below[kRows], above[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      below[r] = above[r] = -kInfinity;
      if (!inside || r >= block.rows) continue;
      const float4 w = *reinterpret_cast<const float4*>(
          block.weight + static_cast<std::int64_t>(r) * block.columns + column);
      const float x = __fmul_rn(w.x, s.x), y = __fmul_rn(w.y, s.y);
      const float z = __fmul_rn(w.z, s.z), q = __fmul_rn(w.w, s.w);
      above[r] = fmaxf(fmaxf(x, y), fmaxf(z, q));
      below[r] = fmaxf(fmaxf(-x, -y), fmaxf(-z, -q));
      if constexpr (kBounds) {
        peaks[r] = fmaxf(peaks[r], fmaxf(fmaxf(fabsf(w.x * root.x), fabsf(w.y * root.y)),
                                         fmaxf(fabsf(w.z * root.z), fabsf(w.w * root.w))));
      }
    }
    Range range = four.range(below, above, lanes);
    if constexpr (kBounds) {
      for (int offset = lanes / 2; offset > 0; offset /= 2) {
        reach = fmaxf(reach, __shfl_xor_sync(kAllLanes, reach, offset));
      }
      range.reach = reach;
    }
    if (!inside && (base + lane / lanes * block.group_size) >= block.columns) continue;
    if (four.row >= block.rows) continue;
    const int group = (base + lane / lanes * block.group_size) / block.group_size;
    bound = fmaxf(bound, solve_group(block, table, four.row, group, range, keeps));
  }
  if constexpr (kBounds) {
    bound = FourRows::over_warp(bound);
    const float peak = four.largest_of_rows(peaks);
    if (lane < 8 && lane % 2 == 0) {
      bounds.by_step[four.row][warp] = bound;
      bounds.by_weight[four.row][warp] = peak;
    }
  }
}

/// Any group: one warp each, or the whole block where a row has fewer groups than the block warps.
template <int kRows>
__device__ void solve_rows(const RowBlock& block, const GridTable& table,
                           RowBounds<kRows>& bounds) {
  constexpr int kWarps = kRoundingThreads / 32;
  __shared__ Range ranges[kWarps];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const bool together = block.groups < kWarps;
  const int first_group = together ? 0 : warp;
  const int group_step = together ? 1 : kWarps;
  const int first = together ? static_cast<int>(threadIdx.x) : lane;
  const int step = together ? kRoundingThreads : 32;
  for (int r = 0; r < block.rows; ++r) {
    float bound = 0, peak = 0;
    for (int group = first_group; group < block.groups; group += group_step) {
      const int begin = group * block.group_size;
      const int end = min(begin + block.group_size, block.columns);
      Range range;
      for (int j = begin + first; j < end; j += step) {
        const float s = block.scale(j), w = block.at(r, j);
        range.add(__fmul_rn(w, s));
        if (block.root == nullptr) continue;
        range.reach = fmaxf(range.reach, block.root[j] / s);
        peak = fmaxf(peak, fabsf(w * block.root[j]));
      }
      range.combine();
      if (together) {
        __syncthreads();
        if (lane == 0) ranges[warp] = range;
        __syncthreads();
        for (const Range& other : ranges) {
          range.low = fminf(other.low, range.low);
          range.high = fmaxf(other.high, range.high);
          range.reach = fmaxf(other.reach, range.reach);
        }
      }
      bound = fmaxf(bound, solve_group(block, table, r, group, range,
                                       together ? threadIdx.x == 0 : lane == 0));
    }
    for (int offset = 16; offset > 0; offset /= 2) {
      peak = fmaxf(peak, __shfl_xor_sync(kAllLanes, peak, offset));
    }
    if (lane == 0) {
      bounds.by_step[r][warp] = bound;
      bounds.by_weight[r][warp] = peak;
    }
  }
}

}  // namespace salient::kernels::cuda
