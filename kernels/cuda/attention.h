// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rotary positions, cache write and causal grouped-query attention of one block of the decoder.
// One token is one launch that splits the cached positions over the card and merges the parts in
// a fixed order; more tokens are two launches, cache write and flash attention on tensor cores.
// Products are of halves with float32 sums; softmax is float32. One token keeps its query and its
// probabilities as two halves each, so the cache's rounding is the only error worth naming. The
// position is read from device memory: one captured graph serves every token. The same
// inputs, position and `cached_bound` give the same bits.

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

struct AttentionShape {
  std::int64_t num_heads;     ///< a multiple of num_kv_heads
  std::int64_t num_kv_heads;  ///< at most 65535
  std::int64_t head_dim;      ///< a multiple of 8, at most 256
};

/// All pointers are device memory, 16-byte aligned.
struct AttentionProblem {
  AttentionShape shape;
  std::int64_t tokens;
  const float* q;                    ///< [tokens, num_heads·head_dim], not rotated, not changed
  const float* k;                    ///< [tokens, num_kv_heads·head_dim], the same
  const float* v;                    ///< [tokens, num_kv_heads·head_dim]
  const float* inverse_frequencies;  ///< [head_dim / 2], pairs (i, i + head_dim / 2)
  /// [1] of the first token. A launch moves it on only after those that write the rows below it:
  /// they are read ahead of the predecessor's end when it is seen to have moved.
  const std::int32_t* position;
  std::uint16_t* keys;    ///< half [num_kv_heads, capacity, head_dim], rotated
  std::uint16_t* values;  ///< half [num_kv_heads, capacity, head_dim]
  std::int64_t capacity;
  /// position + tokens <= cached_bound <= capacity for every replay; the grid is sized by it. Up
  /// to 128 and up to 256 one block takes a key head, so those are worth graphs of their own.
  std::int64_t cached_bound;
  float* out;  ///< [tokens, num_heads·head_dim]
  /// `attention_workspace_bytes`, filled with zeros once before its first use; one stream at a
  /// time may use it.
  void* workspace;
};

std::size_t attention_workspace_bytes(const AttentionShape& shape);

/// std::logic_error when the shape is outside its limits.
void attention(const AttentionProblem& problem, cudaStream_t stream,
               Dependency dependency = Dependency::Full);

}  // namespace salient::kernels::cuda
