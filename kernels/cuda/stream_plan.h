// SPDX-License-Identifier: Apache-2.0
#pragma once

// The streaming linear for up to 16 tokens: what its kernel is told. One block of 16 warps per
// multiprocessor; a block owns a range of items (row blocks of 16 outputs), its warps deal the
// items' tiles out among themselves, each through its own ring of shared-memory slots, and add up
// their partial sums at the end of a pass (as many items as there are threads for their outputs).
//
//   shared memory   rings [16 warps][stages][tile] · x half [tokens, columns] · sums of x · partial
//                   sums [items of a pass][16 warps][token slots][16 rows]

#include <cstddef>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

struct StreamMatrix {
  const std::uint8_t* weights;
  const float* bias;
  float* output;
  int out_features;
  int first_item;    ///< of this matrix
  int first_output;  ///< of this matrix among all outputs, for partial sums
};

struct StreamPlan {
  static constexpr int kWarps = 16;
  static constexpr int kThreads = 32 * kWarps;

  const float* x;              ///< [tokens, in], read by one-token problems
  const void* prepared;        ///< half [tokens, columns], read by the others
  const float* prepared_sums;  ///< [tokens, columns / 32], sums of prepared
  const float* norm_weight;    ///< of one-token problems
  float norm_epsilon;
  float* partial;  ///< [splits, tokens, outputs] if there is more than one split
  int tokens;
  int token_slots;  ///< tokens whose sums are kept: 1, 8 or 16
  int in_features;
  int columns;      ///< in_features filled up to 128
  int tiles;        ///< of a row block
  int split_tiles;  ///< of a row block in one split (grid y)
  int items;
  int block_items;    ///< of every block …
  int longer_blocks;  ///< … and one unit more of the first blocks
  int unit_items;     ///< items that must share a block: 2 for gate and up
  int pass_items;
  int outputs;
  int matrix_count;
  Epilogue epilogue;
  StreamMatrix matrices[LinearProblem::kMostTargets];
  int x_at;     ///< bytes into shared memory
  int x_pitch;  ///< bytes from token to token
  int sums_at;  ///< sums of x over spans, float [spans, token slots]
  int partial_at;
};

/// All of it but how the items are dealt and where x stands.
StreamPlan stream_plan_of(const LinearProblem& problem);

/// What a kernel is made for: products have 8 token columns, all the same one where there is one.
enum class Tokens { One, Eight, Sixteen };
constexpr int token_tiles(Tokens tokens) {
  return tokens == Tokens::Sixteen ? 2 : 1;
}
constexpr int token_slots(Tokens tokens) {
  return tokens == Tokens::One ? 1 : 8 * token_tiles(tokens);
}

struct StreamLaunch {
  StreamPlan plan;
  int blocks;
  int splits;
  int shared_bytes;
  int spans;  ///< per tile: 1, 2 or 4
  Tokens tokens;
  Dependency dependency;
};

constexpr int stream_tile_columns(int bits) {
  return bits == 16 ? 64 : TiledShape::kColumns;
}
constexpr int stream_tile_bytes(int bits, int spans) {
  return bits == 16 ? 2048 : bits * 256 + spans * TiledShape::kSpanBytes;
}
/// Slots of a warp's ring: 16 warps keep 34 to 70 KB on their way, and two blocks (the next
/// launch's beside this one's) fit a multiprocessor while there is one token. On an H200 at W4 the
/// four linears of a 7B layer take 37.5 us so; with 32 warps, which leave the next launch no room,
/// 43.9; with one bulk copy per tile 41.9; with a 256-byte prefetch hint 39.2.
constexpr int stream_stages(int bits, Tokens tokens) {
  if (bits == 16 || bits == 8) return 3;
  if (bits == 4) return tokens == Tokens::Sixteen ? 3 : 5;
  return tokens == Tokens::Sixteen ? 4 : 6;
}

void launch_stream_w2(const StreamLaunch& launch, cudaStream_t stream);
void launch_stream_w3(const StreamLaunch& launch, cudaStream_t stream);
void launch_stream_w4(const StreamLaunch& launch, cudaStream_t stream);
void launch_stream_w8(const StreamLaunch& launch, cudaStream_t stream);
void launch_stream_dense(const StreamLaunch& launch, cudaStream_t stream);

}  // namespace salient::kernels::cuda
