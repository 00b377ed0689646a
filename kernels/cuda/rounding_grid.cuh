// SPDX-License-Identifier: Apache-2.0
#pragma once

// The grid of one group of weights, device side: the formulas and the order of float32 operations
// of kernels/cpu/rounding_kernel.h. Intrinsics keep the compiler from contracting them.

#include <cuda_fp16.h>

#include "kernels/cuda/rounding.h"

namespace salient::kernels::cuda {

inline constexpr float kSmallestRange = 1e-5F;
inline constexpr float kSmallestHalf = 0x1p-24F;
inline constexpr float kLargestHalf = 65504.0F;

/// What bits and symmetry mean for a grid.
struct GridRule {
  float top;        ///< the largest code
  float middle;     ///< the zero point of a symmetric grid
  float intervals;  ///< steps that the range is divided into
  bool symmetric;
};

inline GridRule grid_rule(Grid grid, int bits) {
  const auto top = static_cast<float>((1 << bits) - 1);
  const auto middle = static_cast<float>(1 << (bits - 1));
  const bool symmetric = grid == Grid::Symmetric;
  return {top, middle, symmetric ? middle - 1.0F : top, symmetric};
}

struct GroupGrid {
  float step;
  float zero;
};

/// `low` and `high` are the smallest and largest weight, clipped.
__device__ __forceinline__ GroupGrid solve_grid(const GridRule& rule, float low, float high) {
  const float range = rule.symmetric ? fmaxf(-low, high) : __fsub_rn(high, low);
  const float exact = __fdiv_rn(fmaxf(range, kSmallestRange), rule.intervals);
  const float bounded = fminf(fmaxf(exact, kSmallestHalf), kLargestHalf);
  GroupGrid grid;
  grid.step = __half2float(__float2half_rn(bounded));
  const float offset = fminf(fmaxf(-rintf(__fdiv_rn(low, grid.step)), 0.0F), rule.top);
  grid.zero = rule.symmetric ? rule.middle : offset;
  return grid;
}

/// The division is a true one: a reciprocal would move codes at halves.
__device__ __forceinline__ float code_of(const GridRule& rule, GroupGrid grid, float value,
                                         float limit) {
  const float clipped = fmaxf(fminf(value, limit), -limit);
  const float raw = __fadd_rn(rintf(__fdiv_rn(clipped, grid.step)), grid.zero);
  return fminf(fmaxf(raw, 0.0F), rule.top);
}

__device__ __forceinline__ float value_of(GroupGrid grid, float code) {
  return __fmul_rn(__fsub_rn(code, grid.zero), grid.step);
}

}  // namespace salient::kernels::cuda
