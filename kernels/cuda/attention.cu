// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "kernels/cuda/attention.h"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/rotary.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kMaxPairs = 4;

/// One warp per (token, kv head).
__global__ void append_kernel(AttentionProblem p) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t d = p.shape.head_dim;
  const std::int64_t token = blockIdx.x;
  const std::int64_t head = blockIdx.y;
  const std::int32_t position = *p.position + static_cast<std::int32_t>(token);
  const std::int64_t from = (token * p.shape.num_kv_heads + head) * d;
  const std::int64_t to = (head * p.capacity + position) * d;
  auto* keys = reinterpret_cast<__half*>(p.keys) + to;
  auto* values = reinterpret_cast<__half*>(p.values) + to;
  for (std::int64_t i = threadIdx.x; i < d / 2; i += kWarp) {
    const Turn turn(position, p.inverse_frequencies[i]);
    const float a = p.k[from + i];
    const float b = p.k[from + i + d / 2];
    keys[i] = saturated_half(turn.first(a, b));
    keys[i + d / 2] = saturated_half(turn.second(a, b));
  }
  for (std::int64_t i = threadIdx.x; i < d; i += kWarp) {
    values[i] = saturated_half(p.v[from + i]);
  }
}

/// One warp per (token, head); each lane holds pairs lane, lane + 32, ….
__global__ void attend_kernel(AttentionProblem p) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t d = p.shape.head_dim;
  const std::int64_t token = blockIdx.x;
  const std::int64_t head = blockIdx.y;
  const std::int64_t kv_head = head / (p.shape.num_heads / p.shape.num_kv_heads);
  const std::int32_t position = *p.position + static_cast<std::int32_t>(token);
  const std::int64_t row = (token * p.shape.num_heads + head) * d;
  const auto* keys = reinterpret_cast<const __half*>(p.keys) + kv_head * p.capacity * d;
  const auto* values = reinterpret_cast<const __half*>(p.values) + kv_head * p.capacity * d;
  const float scale = 1.0F / sqrtf(static_cast<float>(d));
  float first[kMaxPairs] = {};
  float second[kMaxPairs] = {};
  float out_first[kMaxPairs] = {};
  float out_second[kMaxPairs] = {};
#pragma unroll
  for (int j = 0; j < kMaxPairs; ++j) {
    const std::int64_t i = threadIdx.x + j * kWarp;
    if (i >= d / 2) continue;
    const Turn turn(position, p.inverse_frequencies[i]);
    const float a = p.q[row + i] * scale;
    const float b = p.q[row + i + d / 2] * scale;
    first[j] = turn.first(a, b);
    second[j] = turn.second(a, b);
  }
  float top = -INFINITY;
  float sum = 0;
  for (std::int64_t key = 0; key <= position; ++key) {
    float score = 0;
#pragma unroll
    for (int j = 0; j < kMaxPairs; ++j) {
      const std::int64_t i = threadIdx.x + j * kWarp;
      if (i >= d / 2) continue;
      score += first[j] * __half2float(keys[key * d + i]);
      score += second[j] * __half2float(keys[key * d + i + d / 2]);
    }
    score = warp_sum(score);
    const float next = fmaxf(top, score);
    const float shrink = expf(top - next);
    const float weight = expf(score - next);
    top = next;
    sum = sum * shrink + weight;
#pragma unroll
    for (int j = 0; j < kMaxPairs; ++j) {
      const std::int64_t i = threadIdx.x + j * kWarp;
      if (i >= d / 2) continue;
      out_first[j] = out_first[j] * shrink + weight * __half2float(values[key * d + i]);
      out_second[j] = out_second[j] * shrink + weight * __half2float(values[key * d + i + d / 2]);
    }
  }
#pragma unroll
  for (int j = 0; j < kMaxPairs; ++j) {
    const std::int64_t i = threadIdx.x + j * kWarp;
    if (i >= d / 2) continue;
    p.out[row + i] = out_first[j] / sum;
    p.out[row + i + d / 2] = out_second[j] / sum;
  }
}

void check_shape(const AttentionProblem& p) {
  const AttentionShape& s = p.shape;
  if (s.head_dim <= 0 || s.head_dim % 8 != 0 || s.head_dim > 2 * kMaxPairs * kWarp) {
    throw std::logic_error("attention: head_dim has to be a multiple of 8, at most 256");
  }
  if (s.num_kv_heads <= 0 || s.num_heads % s.num_kv_heads != 0 || s.num_heads > 65535) {
    throw std::logic_error("attention: num_heads has to be a multiple of num_kv_heads");
  }
  if (p.tokens <= 0 || p.tokens > p.cached_bound || p.cached_bound > p.capacity) {
    throw std::logic_error("attention: tokens, cached_bound and capacity have to rise");
  }
}

}  // namespace

std::size_t attention_workspace_bytes(const AttentionShape& /*shape*/) {
  return 16;
}

void attention(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency) {
  check_shape(problem);
  const auto tokens = static_cast<unsigned>(problem.tokens);
  const AttentionShape& s = problem.shape;
  launch("attention: append",
         {.grid = dim3(tokens, static_cast<unsigned>(s.num_kv_heads)),
          .block = dim3(kWarp),
          .dependency = dependency},
         stream, append_kernel, problem);
  launch("attention",
         {.grid = dim3(tokens, static_cast<unsigned>(s.num_heads)),
          .block = dim3(kWarp),
          .dependency = dependency},
         stream, attend_kernel, problem);
}

}  // namespace salient::kernels::cuda
