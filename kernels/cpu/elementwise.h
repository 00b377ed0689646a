// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cpu/number.h"

namespace salient::kernels::cpu {

struct Cpu;

enum class ActivationFunction { Silu, Relu, GeluErf, GeluTanh };

/// x = act(x) · factor, [count]; factor may be null.
void activate(const Cpu& cpu, ActivationFunction function, float* x, const float* factor,
              std::int64_t count);
/// gate = gate / (1 + exp(-gate)) · up, [count].
void silu_mul(const Cpu& cpu, float* gate, const float* up, std::int64_t count);
/// x += y, [count].
void add(const Cpu& cpu, float* x, const float* y, std::int64_t count);
/// out[t] = table[ids[t]]; table [vocab, features], out [tokens, features]. Ids are trusted.
void embedding(const Cpu& cpu, const void* table, Number number, std::int64_t features,
               const std::int32_t* ids, std::int64_t tokens, float* out);

}  // namespace salient::kernels::cpu
