// SPDX-License-Identifier: Apache-2.0
#pragma once

// From logits to the next token without the host: repetition penalty, temperature, then the top-k,
// top-p and min-p cuts and one draw of a counter-based generator, in the order and with the
// generator of engine/runtime's Sampler, so the same seed gives the same tokens up to rounding
// (logits closer than 2⁻²⁷ of a temperature rank by id). The token goes to device memory and to a
// ring, and the position moves on: a whole decode step is one replayable graph.

#include <cstddef>
#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

struct SamplerOptions {
  float temperature = 0;         ///< 0: greedy, ties to the lowest id
  std::int64_t top_k = 0;        ///< 0: off
  double top_p = 1;              ///< 1: off
  double min_p = 0;              ///< 0: off
  float repetition_penalty = 1;  ///< 1: off
  std::uint64_t seed = 0;
};

/// What one step changes; device memory (the ring and its count may be mapped host memory: the
/// ring is written before the count).
struct SamplerState {
  std::int32_t* token;         ///< [1] receives the id
  std::int32_t* position;      ///< [1] += 1
  std::int32_t* ring;          ///< [ring_capacity], the n-th token goes to n % ring_capacity
  std::int64_t ring_capacity;  ///< more than the host leaves unread
  std::uint32_t* generated;    ///< [1] tokens so far; += 1
  std::uint64_t* draws;        ///< [1] draws so far; += 1 unless greedy
  /// [vocab], 4-byte aligned, 1 where an id is in the history, for the repetition penalty; the
  /// token is marked. May be null when the penalty is off.
  std::uint8_t* seen;
};

/// Bytes of workspace, filled with zeros once before its first use.
std::size_t sampler_workspace_bytes(std::int64_t vocab);

/// logits float [vocab], 16-byte aligned, unchanged.
void sample(const float* logits, std::int64_t vocab, const SamplerOptions& options,
            const SamplerState& state, void* workspace, cudaStream_t stream,
            Dependency dependency = Dependency::Full);

}  // namespace salient::kernels::cuda
