// SPDX-License-Identifier: Apache-2.0
#pragma once

// Both sides of xᵀ x are slices of the same packed panels [tokens, panel]: a tile takes kRows
// neighbouring columns of one panel against all columns of another.

#include <algorithm>

#include "kernels/cpu/tile.h"

namespace salient::kernels::cpu {

template <class S>
void gram_pack(const float* x, std::int64_t tokens, std::int64_t n, std::int64_t first,
               float* packed) {
  for (std::int64_t t = 0; t < tokens; ++t, packed += Tile<S>::kCols) {
    for (int v = 0; v < Tile<S>::kVecs; ++v) {
      const std::int64_t left = n - first - v * S::kLanes;
      const int count = static_cast<int>(std::clamp<std::int64_t>(left, 0, S::kLanes));
      const float* from = count > 0 ? x + t * n + first + v * S::kLanes : x;
      S::store(packed + v * S::kLanes, S::load(from, count));
    }
  }
}

template <class S>
void gram_tile(const float* packed, std::int64_t tokens, std::int64_t n, std::int64_t row,
               std::int64_t column, float* gram) {
  constexpr std::int64_t kCols = Tile<S>::kCols;
  constexpr std::int64_t kRows = Tile<S>::kRows;
  alignas(64) float sums[std::size_t{kRows * kCols}];
  for (std::int64_t r = 0; r < kCols && row * kCols + r < n; r += kRows) {
    const std::int64_t first = row * kCols + r;
    Tile<S>::template run<Along::Column>(static_cast<int>(kRows),
                                         {.a = packed + row * kCols * tokens + r,
                                          .lda = kCols,
                                          .b = packed + column * kCols * tokens,
                                          .c = sums,
                                          .ldc = kCols,
                                          .k = tokens,
                                          .start = Start::Zero});
    for (std::int64_t i = first; i < std::min(first + kRows, n); ++i) {
      const std::int64_t end = std::min(i + 1 - column * kCols, kCols);
      float* out = gram + i * n + column * kCols;
      const float* from = sums + (i - first) * kCols;
      for (std::int64_t j = 0; j < end; j += S::kLanes) {
        const auto count = static_cast<int>(std::min<std::int64_t>(S::kLanes, end - j));
        S::store(out + j, S::add(S::load(out + j, count), S::load(from + j)), count);
      }
    }
  }
}

}  // namespace salient::kernels::cpu
