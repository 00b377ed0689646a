// SPDX-License-Identifier: Apache-2.0
#pragma once

// The clip search of llm-awq on the diagonal blocks of the Gram matrix: per row and group, the
// largest |w| is shrunk to 1.00, 0.95 … 0.55 of itself, the clipped group is rounded, and the
// candidate with the least e G_gg eᵀ wins (the first of equals; never a non-finite one).

#include <cstdint>

#include "kernels/cpu/rounding.h"

namespace salient::kernels::cpu {

inline constexpr int kClipCandidates = 10;

struct ClipProblem {
  const float* weight;  ///< [out_features, in_features]
  std::int64_t out_features;
  std::int64_t in_features;
  const float* gram;  ///< [in_features, in_features], lower triangle
  int bits;
  std::int64_t group_size;  ///< at most in_features
  Grid grid;
  float* max_abs;       ///< [out_features, num_groups]
  const float* packed;  ///< filled in by the call

  std::int64_t num_groups() const { return (in_features + group_size - 1) / group_size; }
};

void clip_search(const Cpu& cpu, ClipProblem problem);

}  // namespace salient::kernels::cpu
