// SPDX-License-Identifier: Apache-2.0
#pragma once

// Linears of 1 to 16 tokens at the speed of memory: see kernels/cuda/stream_plan.h. x
// needs 16-byte alignment and in_features a multiple of 4, dense weights a multiple of 8.

#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

bool stream_linear_supports(const LinearProblem& problem);
void launch_stream_linear(const LinearProblem& problem, cudaStream_t stream);

}  // namespace salient::kernels::cuda
