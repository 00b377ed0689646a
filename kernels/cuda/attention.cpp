// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/attention.h"

#include <stdexcept>

#include "kernels/cuda/attention_stages.h"

namespace salient::kernels::cuda {
namespace {

void check_shape(const AttentionProblem& problem) {
  const AttentionShape& s = problem.shape;
  if (s.head_dim <= 0 || s.head_dim % 8 != 0 || s.head_dim > 256) {
    throw std::logic_error("attention: head_dim has to be a multiple of 8, at most 256");
  }
  if (s.num_kv_heads <= 0 || s.num_kv_heads > 65535 || s.num_heads % s.num_kv_heads != 0) {
    throw std::logic_error("attention: num_heads has to be a multiple of num_kv_heads");
  }
  if (problem.tokens <= 0 || problem.tokens > problem.cached_bound ||
      problem.cached_bound > problem.capacity) {
    throw std::logic_error("attention: it takes 0 < tokens <= cached_bound <= capacity");
  }
}

}  // namespace

std::size_t attention_workspace_bytes(const AttentionShape& shape) {
  return decode_attention_bytes(shape);
}

void attention(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency) {
  check_shape(problem);
  if (problem.tokens == 1) return decode_attention(problem, stream, dependency);
  append_to_cache(problem, stream, dependency);
  prefill_attention(problem, stream, dependency);
}

}  // namespace salient::kernels::cuda
