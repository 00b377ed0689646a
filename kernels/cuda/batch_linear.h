// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packed linears of up to 128 tokens on tensor cores: weights become half (code - zero point) ·
// step in registers, as dequantize_tiles rounds them. x needs 16-byte alignment and in_features a
// multiple of 4.

#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

bool batch_linear_supports(const LinearProblem& problem);
void launch_batch_linear(const LinearProblem& problem, cudaStream_t stream);

}  // namespace salient::kernels::cuda
