// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel of kernels/cuda/batch_linear.h is told. A block of 8 warps owns 16 row blocks and
// 16, 32 or 64 tokens, or 8 row blocks and 128 tokens; each warp 2 row blocks and up to 64 tokens.
// Grid y splits in_features. Tiles of weights and 128 columns of x pass through shared memory in
// stages.

#include "kernels/cuda/launch.h"
#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

struct BatchMatrix {
  const std::uint8_t* weights;
  const float* bias;
  float* output;
  int out_features;
  int first_item;
  int first_output;
};

struct BatchPlan {
  static constexpr int kWarps = 8;
  static constexpr int kThreads = 32 * kWarps;
  static constexpr int kWarpItems = 2;
  /// Bytes from token to token in shared memory: tokens g and g + 1 fall into different banks.
  static constexpr int kTokenPitch = 2 * TiledShape::kColumns + 64;

  const void* prepared;  ///< half [tokens, columns]
  float* partial;        ///< [splits, tokens, outputs], or nullptr: straight to the outputs
  int tokens;
  int columns;
  int tiles;        ///< of a row block
  int split_tiles;  ///< of one split
  int tile_bytes;
  int spans;
  int items;  ///< row blocks of all matrices
  int outputs;
  int matrix_count;
  int stages;
  int stage_bytes;
  Epilogue epilogue;  ///< Store or AddResidual where partial is nullptr
  BatchMatrix matrices[LinearProblem::kMostTargets];
};

/// Row blocks of a block; two warps share them where there are more than 64 tokens.
constexpr int batch_items(int token_warps) {
  return BatchPlan::kWarps / token_warps * BatchPlan::kWarpItems;
}

struct BatchLaunch {
  BatchPlan plan;
  int blocks;
  int splits;
  int token_warps;
  int token_tiles;  ///< of 8 tokens, per warp: 2, 4 or 8
  int shared_bytes;
  Dependency dependency;
};

void launch_batch_kernel(int bits, const BatchLaunch& launch, cudaStream_t stream);

}  // namespace salient::kernels::cuda
