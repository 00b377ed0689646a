// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parts of `attention`, for its dispatch alone: one token in one launch, or a chunk of tokens
// in two.

#include "kernels/cuda/attention.h"

namespace salient::kernels::cuda {

std::size_t decode_attention_bytes(const AttentionShape& shape);
void decode_attention(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency);

/// Rotates k and writes k and v to the cache.
void append_to_cache(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency);
/// Attention of every token over what is cached up to it.
void prefill_attention(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency);

}  // namespace salient::kernels::cuda
