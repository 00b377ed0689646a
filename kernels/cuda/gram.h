// SPDX-License-Identifier: Apache-2.0
#pragma once

// gram += xᵀ x on tensor cores, by block columns so that half of the work is saved. x is rounded to
// half after a division by one power of two per call that brings its largest magnitude to 2^14:
// 11-bit mantissas over 38 octaves. Products are exact, sums are float32; a call's sum is added to
// gram once. A Gram element of T tokens is then off by about 2^-11 / sqrt(T) of sqrt(G_ii · G_jj).

#include <cstdint>

#include "kernels/cuda/matmul.h"

namespace salient::kernels::cuda {

std::int64_t gram_workspace_bytes(std::int64_t tokens, std::int64_t n);

/// x [tokens, n] float32; gram [n, n] float32: the lower triangle is added to, and elements above
/// it inside the square blocks along the diagonal become meaningless. `workspace` (device, 256-byte
/// aligned) as gram_workspace_bytes says.
void accumulate_gram(Matmul& matmul, const float* x, std::int64_t tokens, std::int64_t n,
                     float* gram, void* workspace);

}  // namespace salient::kernels::cuda
