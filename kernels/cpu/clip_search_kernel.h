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

/// The rounding errors of one group clipped to each candidate, against the weights before the clip:
/// errors [kClipCandidates, count]. Returns the group's largest magnitude.
template <class S>
float candidate_errors(const ClipProblem& problem, const float* w, int count, float* errors) {
  const RoundingGroup<S> group{.weight = w, .scales = nullptr, .count = count};
  const GroupRange range = group.range();
  const float most = std::max(-range.least, range.most);
  for (int first = 0; first < kClipCandidates; first += S::kLanes) {
    const int candidates = std::min(S::kLanes, kClipCandidates - first);
    GroupGrids<S> grids{};
    for (int c = 0; c < candidates; ++c) {
      const GroupRange clipped = clip_range(range, candidate_limit(most, first + c));
      grids.least[c] = clipped.least;
      grids.most[c] = clipped.most;
    }
    grids.solve(problem.grid, problem.bits);
    for (int c = 0; c < candidates; ++c, errors += count) {
      const GroupRounder<S> rounder(grids.step[c], grids.zero[c], candidate_limit(most, first + c),
                                    problem.bits);
      for (int i = 0; i < count; i += S::kLanes) {
        const int n = std::min(S::kLanes, count - i);
        const typename S::Vec weights = S::load(w + i, n);
        S::store(errors + i, S::sub(rounder.value(weights), weights), n);
      }
    }
  }
  return most;
}

/// The first of the least; a NaN only when there is nothing else.
inline int best_candidate(const double* losses) {
  int best = 0;
  for (int c = 1; c < kClipCandidates; ++c) {
    const bool usable = losses[c] == losses[c];
    if (losses[c] < losses[best] || (usable && losses[best] != losses[best])) best = c;
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
        limits[r] = candidate_errors<S>(problem, w, n, errors + r * kClipCandidates * n);
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
