// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rotary positions, cache write and causal grouped-query attention of one block. A query's sums
// run over positions in order and do not depend on the other queries of the call.

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

struct AttentionProblem {
  float* q;        ///< [tokens, num_heads·head_dim], rotated in place
  float* k;        ///< [tokens, num_kv_heads·head_dim], rotated in place
  const float* v;  ///< [tokens, num_kv_heads·head_dim]
  std::int64_t tokens;
  std::int64_t num_heads;
  std::int64_t num_kv_heads;
  std::int64_t head_dim;
  std::int64_t rotated;  ///< numbers of a head that turn, in pairs (i, i + rotated / 2); even
  const float* cos;      ///< [tokens, rotated / 2]
  const float* sin;      ///< [tokens, rotated / 2]
  float scale;           ///< of q·k
  float cap;             ///< scores become cap · tanh(score / cap); 0: no cap
  std::int64_t window;   ///< a query sees the last so many positions, its own included; 0: all
  const float* slopes;   ///< [num_heads] -slope · distance is added to the scores; or nullptr
  const float* biases;   ///< [num_heads, position + tokens] added to the scores; or nullptr
  std::int64_t position;
  float* keys;    ///< [num_kv_heads, capacity, head_dim]
  float* values;  ///< [num_kv_heads, capacity, head_dim]
  std::int64_t capacity;
  float* out;  ///< [tokens, num_heads·head_dim]

  /// Query heads that share a key head.
  std::int64_t heads_per_group() const { return num_heads / num_kv_heads; }
};

void attention(const Cpu& cpu, const AttentionProblem& problem);

}  // namespace salient::kernels::cpu
