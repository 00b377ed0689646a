// SPDX-License-Identifier: Apache-2.0
#pragma once

// The product of a few tokens, where a packed panel would be read only once: blocks of
// [kLanes outputs, kLanes k] are turned in registers and multiplied at once. The chain of each
// element is the one of tile.h, so decode and prefill agree to the bit.
//
// 48 rows are 48 short streams that the hardware's prefetchers do not follow; every load asks for
// the same place of the next panel.

#include <algorithm>

#include "kernels/cpu/matmul.h"
#include "kernels/cpu/tile.h"

namespace salient::kernels::cpu {

inline constexpr std::int64_t kMatvecTokens = 4;

/// One panel of outputs, kTokens tokens; sums [kTokens, Tile<S>::kCols].
template <class S, Number kNumber, int kTokens>
class MatvecPanel {
 public:
  static void run(const MatmulProblem& problem, std::int64_t first_token, std::int64_t first_out,
                  std::int64_t outs, float* sums) {
    MatvecPanel panel{problem, problem.x + first_token * problem.in_features, {}};
    for (int v = 0; v < kVecs; ++v) {
      for (int t = 0; t < kTokens; ++t) panel.totals[v][t] = S::zero();
    }
    const std::int64_t in = problem.in_features;
    const std::int64_t whole = in / S::kLanes * S::kLanes;
    for (std::int64_t k = 0; k < whole; k += S::kLanes) panel.add_block(k, first_out, outs);
    for (int v = 0; v < kVecs; ++v) {
      for (int t = 0; t < kTokens; ++t) {
        S::store(sums + t * Tile<S>::kCols + v * S::kLanes, panel.totals[v][t]);
      }
    }
    for (std::int64_t k = whole; k < in; ++k) panel.add_column(k, first_out, outs, sums);
  }

  using Vec = typename S::Vec;
  static constexpr int kVecs = Tile<S>::kVecs;

  const MatmulProblem& problem;
  const float* x;
  Vec totals[std::size_t{kVecs}][std::size_t{kTokens}];

 private:
  void add_block(std::int64_t k, std::int64_t first_out, std::int64_t outs) {
    const std::int64_t in = problem.in_features;
    for (int v = 0; v < kVecs; ++v) {
      const std::int64_t rows = std::min<std::int64_t>(outs - v * S::kLanes, S::kLanes);
      if (rows <= 0) continue;
      const std::int64_t at = (first_out + v * S::kLanes) * in + k;
      Vec block[std::size_t{S::kLanes}];
      if (rows == S::kLanes) {
#pragma GCC unroll 16
        for (int r = 0; r < S::kLanes; ++r) block[r] = load_ahead(at + r * in);
      } else {
        for (int r = 0; r < S::kLanes; ++r) {
          block[r] = r < rows ? load_number<S>(problem.weight, kNumber, at + r * in) : S::zero();
        }
      }
      S::transpose(block);
#pragma GCC unroll 16
      for (int i = 0; i < S::kLanes; ++i) {
        for (int t = 0; t < kTokens; ++t) {
          totals[v][t] = S::fma(S::set(x[t * in + k + i]), block[i], totals[v][t]);
        }
      }
    }
  }

  Vec load_ahead(std::int64_t at) const {
    const std::int64_t next = at + Tile<S>::kCols * problem.in_features;
    constexpr std::int64_t kBytes = kNumber == Number::F32 ? 4 : 2;
    __builtin_prefetch(static_cast<const char*>(problem.weight) + next * kBytes);
    return load_number<S>(problem.weight, kNumber, at);
  }

  /// The last in_features modulo kLanes, one at a time.
  void add_column(std::int64_t k, std::int64_t first_out, std::int64_t outs, float* sums) const {
    float column[std::size_t{Tile<S>::kCols}] = {};
    for (std::int64_t o = 0; o < outs; ++o) {
      column[o] = number_at(problem.weight, kNumber, (first_out + o) * problem.in_features + k);
    }
    for (int t = 0; t < kTokens; ++t) {
      const Vec value = S::set(x[t * problem.in_features + k]);
      for (int v = 0; v < kVecs; ++v) {
        float* sum = sums + t * Tile<S>::kCols + v * S::kLanes;
        const Vec before = k == 0 ? S::zero() : S::load(sum);
        S::store(sum, S::fma(value, S::load(column + v * S::kLanes), before));
      }
    }
  }
};

template <class S, Number kNumber>
void matvec_tokens(const MatmulProblem& problem, std::int64_t first_token, std::int64_t tokens,
                   std::int64_t first_out, std::int64_t outs, float* sums) {
  switch (tokens) {
    case 1:
      return MatvecPanel<S, kNumber, 1>::run(problem, first_token, first_out, outs, sums);
    case 2:
      return MatvecPanel<S, kNumber, 2>::run(problem, first_token, first_out, outs, sums);
    case 3:
      return MatvecPanel<S, kNumber, 3>::run(problem, first_token, first_out, outs, sums);
    default:
      return MatvecPanel<S, kNumber, 4>::run(problem, first_token, first_out, outs, sums);
  }
}

/// tokens at most kMatvecTokens; sums [tokens, Tile<S>::kCols].
template <class S>
void matvec(const MatmulProblem& problem, std::int64_t first_token, std::int64_t tokens,
            std::int64_t first_out, std::int64_t outs, float* sums) {
  switch (problem.number) {
    case Number::F32:
      return matvec_tokens<S, Number::F32>(problem, first_token, tokens, first_out, outs, sums);
    case Number::F16:
      return matvec_tokens<S, Number::F16>(problem, first_token, tokens, first_out, outs, sums);
    case Number::BF16:
      return matvec_tokens<S, Number::BF16>(problem, first_token, tokens, first_out, outs, sums);
  }
}

}  // namespace salient::kernels::cpu
