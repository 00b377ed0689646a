// SPDX-License-Identifier: Apache-2.0
#pragma once

// With H = G below the diagonal twice, on it once and zero above, e G eᵀ = e·(e H): column panel p
// of H needs only rows from p·panel down, and those rows are contiguous in G, so packing is a copy.

#include <algorithm>

#include "kernels/cpu/tile.h"

namespace salient::kernels::cpu {

/// Where panel p starts in the packed triangle, in floats.
inline std::int64_t triangle_offset(std::int64_t n, std::int64_t width, std::int64_t panel) {
  // Panel q holds n - q·width rows.
  return width * (panel * n - width * (panel * (panel - 1) / 2));
}

/// gram: rows at `stride`; packed [n - panel·kCols, kCols].
template <class S>
void triangle_pack(const float* gram, std::int64_t stride, std::int64_t n, std::int64_t panel,
                   float* packed) {
  constexpr std::int64_t kCols = Tile<S>::kCols;
  const std::int64_t first = panel * kCols;
  const typename S::Vec two = S::set(2.0F);
  for (std::int64_t i = first; i < n; ++i, packed += kCols) {
    const float* row = gram + i * stride + first;
    const std::int64_t below = std::min(i - first, kCols);
    for (std::int64_t j = 0; j < kCols; j += S::kLanes) {
      const auto count = static_cast<int>(std::clamp<std::int64_t>(below - j, 0, S::kLanes));
      const typename S::Vec twice = S::mul(S::load(count > 0 ? row + j : gram, count), two);
      S::store(packed + j, twice);
    }
    if (i - first < kCols) packed[i - first] = row[i - first];
  }
}

template <class S>
void quadratic_rows(const float* error, std::int64_t rows, std::int64_t n, const float* packed,
                    double* losses) {
  constexpr std::int64_t kCols = Tile<S>::kCols;
  constexpr std::int64_t kRows = Tile<S>::kRows;
  alignas(64) float sums[std::size_t{kRows * kCols}];
  std::fill_n(losses, rows, 0.0);
  for (std::int64_t first = 0; first < n; first += kCols) {
    const std::int64_t depth = n - first;
    for (std::int64_t r = 0; r < rows; r += kRows) {
      const std::int64_t height = std::min(kRows, rows - r);
      Tile<S>::template run<Along::Row>(static_cast<int>(height), {.a = error + r * n + first,
                                                                   .lda = n,
                                                                   .b = packed,
                                                                   .c = sums,
                                                                   .ldc = kCols,
                                                                   .k = depth,
                                                                   .start = Start::Zero});
      for (std::int64_t i = 0; i < height; ++i) {
        double lanes[std::size_t{S::kLanes}] = {};
        for (std::int64_t j = 0; j < std::min(kCols, depth); j += S::kLanes) {
          const auto count = static_cast<int>(std::min<std::int64_t>(S::kLanes, depth - j));
          const typename S::Vec e = S::load(error + (r + i) * n + first + j, count);
          S::add_to(lanes, S::mul(S::load(sums + i * kCols + j), e));
        }
        for (const double lane : lanes) losses[r + i] += lane;
      }
    }
    packed += depth * kCols;
  }
}

}  // namespace salient::kernels::cpu
