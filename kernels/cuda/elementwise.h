// SPDX-License-Identifier: Apache-2.0
#pragma once

// The small stages of a block. Every pointer is device memory; halves are float16 bits, saturated
// at ±65504 when they are written.

#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/number.h"

namespace salient::kernels::cuda {

/// out[t] = table[ids[t]]; table [vocab, features] of `number`, ids int32 [tokens], out float
/// [tokens, features]. Ids are trusted.
void embedding(const void* table, Number number, std::int64_t features, const std::int32_t* ids,
               std::int64_t tokens, float* out, cudaStream_t stream,
               Dependency dependency = Dependency::Full);

/// gate / (1 + exp(-gate)) · up as float, as half, or both: a null result is not written. `out`
/// may be `gate`. All [count].
void silu_mul(const float* gate, const float* up, std::int64_t count, float* out,
              std::uint16_t* half_out, cudaStream_t stream,
              Dependency dependency = Dependency::Full);

/// x += y, [count].
void add(float* x, const float* y, std::int64_t count, cudaStream_t stream,
         Dependency dependency = Dependency::Full);

/// out = half(x), [count].
void to_half(const float* x, std::int64_t count, std::uint16_t* out, cudaStream_t stream,
             Dependency dependency = Dependency::Full);

}  // namespace salient::kernels::cuda
