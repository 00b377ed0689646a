// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel of kernels/cuda/stage_chain.h is told, in device memory:
//
//   stages [count] · runs [blocks][count] · barrier (two counters) · parts of attention
//
// and its shared memory:
//
//   ring [slots][16 tiles] · its barriers · x half · sums of x · partial sums · turns · stages

#include "kernels/cuda/stage_chain.h"
#include "kernels/cuda/stream_plan.h"

namespace salient::kernels::cuda {

/// Attention of one token. A block takes one query head, or one of up to kMost parts of its cached
/// positions; the parts are put together by whoever reads them.
struct ChainAttention {
  static constexpr int kMostParts = 4;
  static constexpr int kTileRows = 8;  ///< cached positions that a warp takes at once

  const float* q;       ///< [heads, head_dim]
  const float* k;       ///< [kv heads, head_dim]
  const float* v;       ///< [kv heads, head_dim]
  std::uint16_t* keys;  ///< half [kv heads, capacity, head_dim]
  std::uint16_t* values;
  float* sums;   ///< [parts, heads, head_dim] weighted sums of values
  float2* tops;  ///< [parts, heads] largest score and sum of weights
  std::int64_t capacity;
  int heads;
  int group;       ///< query heads of a key head
  int most_parts;  ///< 1 … kMostParts
};

struct alignas(16) ChainItem {
  enum class Kind : int { Linear, Attention };
  Kind kind;
  /// Linear: x is the output of the attention before it, whose parts it puts together.
  int reads_parts;
  StreamPlan linear;
  ChainAttention attention;  ///< also where `reads_parts`
};

/// Tiles that follow one another in memory.
struct ChainRun {
  const std::uint8_t* weights;
  std::int64_t tiles;
};
/// What one block reads in one stage, in the order of its items; runs of no tiles at the end.
struct ChainRuns {
  ChainRun run[LinearProblem::kMostTargets];
};

struct ChainPlan {
  const ChainItem* items;
  const ChainRuns* runs;  ///< [blocks, count]
  unsigned* barrier;      ///< arrivals, and blocks that are done; zero between launches
  int count;
  int head_dim;  ///< 0 without attention
  const std::int32_t* position;
  const float* inverse_frequencies;
  int slots;  ///< of the ring
  int barriers_at;
  int x_at;
  int sums_at;
  int partial_at;
  int turns_at;
  int window_at;
  long long* stamps;  ///< [blocks, count, kChainStamps] clocks, or nullptr
};

/// A stage begins, its inputs are there, x is staged, products are done.
inline constexpr int kChainStamps = 4;

/// Stages whose plans are in shared memory: the one at work and the next.
inline constexpr int kChainWindow = 2;

/// The warps of the streaming linear, and one that asks for weights.
inline constexpr int kChainThreads = StreamPlan::kThreads + 128;

struct ChainLaunch {
  ChainPlan plan;
  int blocks;
  int shared_bytes;
  int spans;
};

void launch_chain_w2(const ChainLaunch& launch, cudaStream_t stream);
void launch_chain_w3(const ChainLaunch& launch, cudaStream_t stream);
void launch_chain_w4(const ChainLaunch& launch, cudaStream_t stream);
void launch_chain_w8(const ChainLaunch& launch, cudaStream_t stream);

}  // namespace salient::kernels::cuda
