// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the kernel of kernels/cuda/stage_chain.h is told, in device memory:
//
//   stages [count] · barrier (two counters) · parts of attention
//
// and its shared memory:
//
//   rings [16 warps][slots][tile] · x half · sums of x · partial sums · turns · stages in sight

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

struct ChainPlan {
  const ChainItem* items;
  unsigned* barrier;  ///< arrivals, and blocks that are done; zero between launches
  int count;
  int head_dim;  ///< 0 without attention
  const std::int32_t* position;
  const float* inverse_frequencies;
  int x_at;
  int sums_at;
  int partial_at;
  int turns_at;
  int window_at;
};

/// Stages whose plans are in shared memory: the one at work and those that the ring may reach.
inline constexpr int kChainWindow = 4;

struct ChainLaunch {
  ChainPlan plan;
  int blocks;
  int shared_bytes;
  int spans;
  int slots;
};

/// Slots of a warp's ring, as many as shared memory holds beside the activations of a 7B or 8B
/// model, and half of that for larger ones.
constexpr int chain_slots(int bits) {
  return bits == 8 ? 5 : (bits == 4 ? 10 : (bits == 3 ? 12 : 14));
}
constexpr int fewer_chain_slots(int bits) {
  return (chain_slots(bits) + 1) / 2;
}

void launch_chain_w2(const ChainLaunch& launch, cudaStream_t stream);
void launch_chain_w3(const ChainLaunch& launch, cudaStream_t stream);
void launch_chain_w4(const ChainLaunch& launch, cudaStream_t stream);
void launch_chain_w8(const ChainLaunch& launch, cudaStream_t stream);

}  // namespace salient::kernels::cuda
