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
  /// Over the `lanes` neighbouring lanes that hold one group; a power of two.
  __device__ void combine(int lanes) {
    for (int offset = lanes / 2; offset > 0; offset /= 2) {
      low = fminf(__shfl_xor_sync(kAllLanes, low, offset), low);
      high = fmaxf(__shfl_xor_sync(kAllLanes, high, offset), high);
      reach = fmaxf(__shfl_xor_sync(kAllLanes, reach, offset), reach);
    }
  }
};

/// Grids of kRows rows: [kRows, groups] in shared memory.
struct GridTable {
  GroupGrid* grids;
  int groups;
  __device__ GroupGrid& at(int row, int group) const { return grids[row * groups + group]; }
};

/// Solves one group; returns a bound of its errors in units of E·diag(root). Inside the grid an
/// error is at most half a step; outside it grows towards the ends of the range.
__device__ __forceinline__ float solve_group(const RowBlock& block, const GridTable& table, int row,
                                             int group, const Range& range, bool keeps) {
  const float limit = block.limit(row, group);
  const GroupGrid grid = solve_grid(block.rule, fmaxf(range.low, -limit), fminf(range.high, limit));
  if (keeps) table.at(row, group) = grid;
  if (block.root == nullptr) return 0.0F;
  const float below =
      fabsf(value_of(grid, code_of(block.rule, grid, range.low, limit)) - range.low);
  const float above =
      fabsf(value_of(grid, code_of(block.rule, grid, range.high, limit)) - range.high);
  return fmaxf(0.501F * grid.step, 1.001F * fmaxf(below, above)) * range.reach;
}

/// Groups of 32, 64 or 128 columns, four columns a lane.
template <int kRows>
__device__ void solve_rows_by_four(const RowBlock& block, const GridTable& table,
                                   float (&bounds)[kRows]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lanes = block.group_size / 4;
  for (int base = warp * 128; base < block.columns; base += kRoundingThreads / 32 * 128) {
    const int column = base + lane * 4;
    const bool inside = column < block.columns;
    const int group = min(column / block.group_size, block.groups - 1);
    float4 s = {1.0F, 1.0F, 1.0F, 1.0F};
    if (inside && block.scales != nullptr) {
      s = *reinterpret_cast<const float4*>(block.scales + column);
    }
    float reach = 0;
    if (inside && block.root != nullptr) {
      const float4 root = *reinterpret_cast<const float4*>(block.root + column);
      reach = fmaxf(fmaxf(root.x / s.x, root.y / s.y), fmaxf(root.z / s.z, root.w / s.w));
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      Range range;
      range.reach = reach;
      if (inside && r < block.rows) {
        const float4 w = *reinterpret_cast<const float4*>(
            block.weight + static_cast<std::int64_t>(r) * block.columns + column);
        range.add(__fmul_rn(w.x, s.x));
        range.add(__fmul_rn(w.y, s.y));
        range.add(__fmul_rn(w.z, s.z));
        range.add(__fmul_rn(w.w, s.w));
      }
      range.combine(lanes);
      if (r >= block.rows || !inside) continue;
      bounds[r] = fmaxf(bounds[r], solve_group(block, table, r, group, range, lane % lanes == 0));
    }
  }
}

/// Any group: one warp each, or the whole block where a row has fewer groups than the block warps.
template <int kRows>
__device__ void solve_rows(const RowBlock& block, const GridTable& table, float (&bounds)[kRows]) {
  __shared__ Range ranges[kRoundingThreads / 32];
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  constexpr int kWarps = kRoundingThreads / 32;
  const bool together = block.groups < kWarps;
  const int first_group = together ? 0 : warp;
  const int group_step = together ? 1 : kWarps;
  const int first = together ? static_cast<int>(threadIdx.x) : lane;
  const int step = together ? kRoundingThreads : 32;
  for (int r = 0; r < block.rows; ++r) {
    for (int group = first_group; group < block.groups; group += group_step) {
      const int begin = group * block.group_size;
      const int end = min(begin + block.group_size, block.columns);
      Range range;
      for (int j = begin + first; j < end; j += step) {
        const float s = block.scale(j);
        range.add(__fmul_rn(block.at(r, j), s));
        if (block.root != nullptr) range.reach = fmaxf(range.reach, block.root[j] / s);
      }
      range.combine(32);
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
      const float bound =
          solve_group(block, table, r, group, range, together ? threadIdx.x == 0 : lane == 0);
#pragma unroll
      for (int k = 0; k < kRows; ++k) {
        if (k == r) bounds[k] = fmaxf(bounds[k], bound);
      }
    }
  }
}

}  // namespace salient::kernels::cuda
