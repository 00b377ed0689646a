// SPDX-License-Identifier: Apache-2.0
#pragma once

// The linear that takes any shape, one warp per output and token: what faster variants leave over
// (dense rows that are not 16-byte aligned).

#include "kernels/cuda/packed_linear.h"

namespace salient::kernels::cuda {

bool plain_linear_supports(const LinearProblem& problem);
void launch_plain_linear(const LinearProblem& problem, cudaStream_t stream);

}  // namespace salient::kernels::cuda
