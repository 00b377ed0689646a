// SPDX-License-Identifier: Apache-2.0
#pragma once

// gram += xᵀ x, lower triangle only: n² multiply-adds per token instead of 2 n². Tokens are summed
// in runs of 256 from the first one of the call, each run from zero, then added to gram: accurate
// over many calls, and the same for any number of threads.

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

/// x [tokens, n]; gram [n, n], elements above the diagonal are left alone.
void accumulate_gram(const Cpu& cpu, const float* x, std::int64_t tokens, std::int64_t n,
                     float* gram);

}  // namespace salient::kernels::cpu
