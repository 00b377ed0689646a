// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/attention.h"

#include <algorithm>
#include <atomic>

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

namespace {

/// Rows (token, head of the group) that share one packing of the keys.
constexpr std::int64_t kRowsPerUnit = 96;

/// Rotates one group's queries and key at one token and appends key and value to the cache.
void rotate_and_append(const Cpu& cpu, const AttentionProblem& p, std::int64_t kv_head,
                       std::int64_t token) {
  const std::int64_t half = p.rotated / 2;
  const float* cos = p.cos + token * half;
  const float* sin = p.sin + token * half;
  const std::int64_t group = p.heads_per_group();
  float* q = p.q + (token * p.num_heads + kv_head * group) * p.head_dim;
  for (std::int64_t h = 0; h < group; ++h, q += p.head_dim) {
    cpu.table.rotate(q, q + half, cos, sin, half);
  }
  const std::int64_t from = (token * p.num_kv_heads + kv_head) * p.head_dim;
  cpu.table.rotate(p.k + from, p.k + from + half, cos, sin, half);
  const std::int64_t to = (kv_head * p.capacity + p.position + token) * p.head_dim;
  std::copy_n(p.k + from, p.head_dim, p.keys + to);
  std::copy_n(p.v + from, p.head_dim, p.values + to);
}

void append_and_attend(const Cpu& cpu, const AttentionProblem& p) {
  cpu.pool.run([&](int part) {
    const Share heads = share_of(p.num_kv_heads, part, cpu.pool.size());
    for (std::int64_t h = heads.begin; h < heads.end; ++h) {
      for (std::int64_t t = 0; t < p.tokens; ++t) rotate_and_append(cpu, p, h, t);
      cpu.table.attention(p, h, 0, p.tokens * p.heads_per_group(), cpu.pool.scratch(part));
    }
  });
}

}  // namespace

void attention(const Cpu& cpu, const AttentionProblem& problem) {
  const std::int64_t rows = problem.tokens * problem.heads_per_group();
  if (rows <= kRowsPerUnit) return append_and_attend(cpu, problem);
  cpu.pool.run([&](int part) {
    const Share tokens = share_of(problem.tokens, part, cpu.pool.size());
    for (std::int64_t t = tokens.begin; t < tokens.end; ++t) {
      for (std::int64_t h = 0; h < problem.num_kv_heads; ++h) {
        rotate_and_append(cpu, problem, h, t);
      }
    }
  });
  // Later rows see more keys: whoever is free takes the dearest unit that is left.
  const std::int64_t chunks = (rows + kRowsPerUnit - 1) / kRowsPerUnit;
  std::atomic<std::int64_t> left{chunks * problem.num_kv_heads};
  cpu.pool.run([&](int part) {
    for (std::int64_t unit = --left; unit >= 0; unit = --left) {
      const std::int64_t begin = unit / problem.num_kv_heads * kRowsPerUnit;
      cpu.table.attention(problem, unit % problem.num_kv_heads, begin,
                          std::min(begin + kRowsPerUnit, rows), cpu.pool.scratch(part));
    }
  });
}

}  // namespace salient::kernels::cpu
