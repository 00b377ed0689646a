// SPDX-License-Identifier: Apache-2.0
#pragma once

// The clip search of llm-awq on the diagonal blocks of the Gram matrix: per row and group, the
// largest |w| is shrunk to 1.00, 0.95 … 0.55 of itself, the clipped group is rounded, and the
// candidate with the least e G_gg eᵀ wins (the first of equals; never a non-finite one). Groups of
// up to 128 columns are scored in float32 as on the CPU; wider ones with the half correlation form
// of quadratic_form.h.

#include <cstdint>

#include "kernels/cuda/quadratic_form.h"

namespace salient::kernels::cuda {

inline constexpr int kClipCandidates = 10;

struct ClipProblem {
  const float* weight;  ///< [out_features, in_features]
  std::int64_t out_features;
  std::int64_t in_features;
  const float* gram;  ///< [in_features, in_features], lower triangle
  /// [in_features] or nullptr: the input's fold; G is then taken as diag(s)⁻¹ G diag(s)⁻¹.
  const float* channel_scales;
  int bits;
  std::int64_t group_size;  ///< at most in_features
  Grid grid;
  float* max_abs;  ///< [out_features, num_groups]

  constexpr std::int64_t num_groups() const { return (in_features + group_size - 1) / group_size; }
};

std::int64_t clip_search_workspace_bytes(std::int64_t out_features, std::int64_t in_features,
                                         std::int64_t group_size);
void clip_search(Matmul& matmul, const ClipProblem& problem, void* workspace);

}  // namespace salient::kernels::cuda
