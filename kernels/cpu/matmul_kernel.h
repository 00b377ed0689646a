// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work is cut into (token chunk, panel of outputs). A unit turns its panel of weights into
// [k, panel] block by block of k, multiplies all tokens of the chunk with it while the block is in
// the second-level cache, and keeps the chunk's sums beside it until k is done.

#include <algorithm>

#include "kernels/cpu/matmul.h"
#include "kernels/cpu/matvec_kernel.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/cpu/tile.h"

namespace salient::kernels::cpu {

inline constexpr std::int64_t kMatmulDepth = 512;  ///< 96 KB of panel: a tenth of the cache
inline constexpr std::int64_t kMatmulChunk = 512;  ///< tokens that share one packed panel

template <class S>
struct MatmulUnit {
  const MatmulProblem& problem;
  std::int64_t first_token;
  std::int64_t tokens;
  std::int64_t first_out;
  std::int64_t outs;

  void run(float* panel, float* sums) const {
    if (tokens <= kMatvecTokens) {
      matvec<S>(problem, first_token, tokens, first_out, outs, sums);
    } else {
      multiply_packed(panel, sums);
    }
    if (problem.in_features == 0) std::fill_n(sums, tokens * Tile<S>::kCols, 0.0F);
    for (std::int64_t t = 0; t < tokens; ++t) finish(t, sums + t * Tile<S>::kCols);
  }

 private:
  void multiply_packed(float* panel, float* sums) const {
    for (std::int64_t k = 0; k < problem.in_features; k += kMatmulDepth) {
      const std::int64_t depth = std::min(kMatmulDepth, problem.in_features - k);
      pack(k, depth, panel);
      multiply(k, depth, panel, sums);
    }
  }

  void pack(std::int64_t k, std::int64_t depth, float* panel) const {
    for (int v = 0; v < Tile<S>::kVecs; ++v) {
      const std::int64_t out = first_out + v * S::kLanes;
      const std::int64_t left = first_out + outs - out;
      const int count = static_cast<int>(std::clamp<std::int64_t>(left, 0, S::kLanes));
      pack_turned<S>(problem.weight, problem.number, out * problem.in_features + k,
                     problem.in_features, count, depth, panel + v * S::kLanes, Tile<S>::kCols);
    }
  }

  void multiply(std::int64_t k, std::int64_t depth, const float* panel, float* sums) const {
    typename Tile<S>::Args args{.a = problem.x + first_token * problem.in_features + k,
                                .lda = problem.in_features,
                                .b = panel,
                                .c = sums,
                                .ldc = Tile<S>::kCols,
                                .k = depth,
                                .start = k == 0 ? Start::Zero : Start::FromC};
    for (std::int64_t t = 0; t < tokens; t += Tile<S>::kRows) {
      const auto rows = static_cast<int>(std::min<std::int64_t>(Tile<S>::kRows, tokens - t));
      Tile<S>::template run<Along::Row>(rows, args);
      args.a += Tile<S>::kRows * problem.in_features;
      args.c += Tile<S>::kRows * Tile<S>::kCols;
    }
  }

  void finish(std::int64_t token, const float* sums) const {
    float* y = problem.y + (first_token + token) * problem.out_features + first_out;
    for (std::int64_t o = 0; o < outs; o += S::kLanes) {
      const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, outs - o));
      typename S::Vec value = S::load(sums + o);
      if (problem.bias != nullptr) value = S::add(value, S::load(problem.bias + first_out + o, n));
      if (problem.store == Store::Add) value = S::add(S::load(y + o, n), value);
      S::store(y + o, value, n);
    }
  }
};

template <class S>
void matmul_part(const MatmulProblem& problem, int part, int parts, Scratch& scratch) {
  constexpr std::int64_t kCols = Tile<S>::kCols;
  const std::int64_t panels = (problem.out_features + kCols - 1) / kCols;
  // Few panels and many threads: cut the tokens too, so that every thread has work.
  std::int64_t chunks = (problem.tokens + kMatmulChunk - 1) / kMatmulChunk;
  const std::int64_t wanted = (2 * parts + panels - 1) / std::max<std::int64_t>(panels, 1);
  chunks = std::max(chunks, std::min(wanted, problem.tokens / (4 * Tile<S>::kRows)));
  const std::int64_t longest = chunks == 0 ? 0 : (problem.tokens + chunks - 1) / chunks;
  float* panel = scratch.floats(static_cast<std::size_t>(kCols * (kMatmulDepth + longest)));
  float* sums = panel + kCols * kMatmulDepth;
  const Share units = share_of(panels * chunks, part, parts);
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    const std::int64_t chunk = unit / panels;
    const std::int64_t first_out = unit % panels * kCols;
    const std::int64_t first_token = problem.tokens * chunk / chunks;
    const std::int64_t tokens = problem.tokens * (chunk + 1) / chunks - first_token;
    const std::int64_t outs = std::min(kCols, problem.out_features - first_out);
    MatmulUnit<S>{problem, first_token, tokens, first_out, outs}.run(panel, sums);
  }
}

}  // namespace salient::kernels::cpu
