// SPDX-License-Identifier: Apache-2.0
#pragma once

// Eight rows times ten candidates make eighty error rows of one group; their losses are one call of
// the quadratic form on that group's block of the Gram matrix, which stays in the cache.

#include "kernels/cpu/clip_search.h"
#include "kernels/cpu/quadratic_form_kernel.h"
#include "kernels/cpu/rounding_kernel.h"
#include "kernels/cpu/thread_pool.h"

namespace salient::kernels::cpu {

inline constexpr std::int64_t kClipRows = 8;

inline float candidate_limit(float most, int candidate) {
  return static_cast<float>(static_cast<double>(most) * (1.0 - candidate / 20.0));
}

template <class S>
float largest_magnitude(const float* w, int count) {
  typename S::Vec most = S::zero();
  for (int i = 0; i < count; i += S::kLanes) {
    most = S::max(S::abs(S::load(w + i, std::min(S::kLanes, count - i))), most);
  }
  return S::reduce_max(most);
}

/// Rounding error of one group clipped to ±limit, against the weights before the clip.
template <class S>
void clipped_error(const ClipProblem& problem, const float* w, int count, float limit,
                   float* error) {
  const RoundingGroup<S> group{.weight = w, .scales = nullptr, .count = count, .limit = limit};
  const GroupGrid grid = group.grid(problem.grid, problem.bits);
  for (int i = 0; i < count; i += S::kLanes) {
    const int n = std::min(S::kLanes, count - i);
    const typename S::Vec value = group.value(group.codes(group.at(i, n), grid), grid);
    S::store(error + i, S::sub(value, S::load(w + i, n)), n);
  }
}

inline int best_candidate(const double* losses) {
  int best = 0;
  for (int c = 1; c < kClipCandidates; ++c) {
    if (losses[c] < losses[best]) best = c;
  }
  return best;
}

template <class S>
void clip_search_rows(const ClipProblem& problem, std::int64_t begin, std::int64_t end,
                      Scratch& scratch) {
  const std::int64_t groups = problem.num_groups();
  const std::int64_t width = Tile<S>::kCols;
  const std::int64_t block =
      triangle_offset(problem.group_size, width, (problem.group_size + width - 1) / width);
  float* errors =
      scratch.floats(static_cast<std::size_t>(kClipRows * kClipCandidates * problem.group_size));
  double losses[kClipRows * kClipCandidates];
  float limits[kClipRows];
  for (std::int64_t g = 0; g < groups; ++g) {
    const std::int64_t first = g * problem.group_size;
    const auto n = static_cast<int>(std::min(problem.group_size, problem.in_features - first));
    for (std::int64_t row = begin; row < end; row += kClipRows) {
      const std::int64_t rows = std::min(kClipRows, end - row);
      for (std::int64_t r = 0; r < rows; ++r) {
        const float* w = problem.weight + (row + r) * problem.in_features + first;
        limits[r] = largest_magnitude<S>(w, n);
        for (int c = 0; c < kClipCandidates; ++c) {
          clipped_error<S>(problem, w, n, candidate_limit(limits[r], c),
                           errors + (r * kClipCandidates + c) * n);
        }
      }
      quadratic_rows<S>(errors, rows * kClipCandidates, n, problem.packed + g * block, losses);
      for (std::int64_t r = 0; r < rows; ++r) {
        const int best = best_candidate(losses + r * kClipCandidates);
        problem.max_abs[(row + r) * groups + g] = candidate_limit(limits[r], best);
      }
    }
  }
}

}  // namespace salient::kernels::cpu
