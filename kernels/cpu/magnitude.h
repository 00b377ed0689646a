// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

/// Per channel of x [tokens, n]: sum += |x| and max = max(max, |x|), both [n], token by token.
void accumulate_magnitude(const Cpu& cpu, const float* x, std::int64_t tokens, std::int64_t n,
                          double* sum, float* max);

}  // namespace salient::kernels::cpu
