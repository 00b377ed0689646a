// SPDX-License-Identifier: Apache-2.0
#pragma once

// A sum over the 32 lanes of a warp, the same in every lane, in a fixed order.

namespace salient::kernels::cuda {

__device__ __forceinline__ float warp_sum(float value) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xFFFFFFFFU, value, offset);
  }
  return value;
}

}  // namespace salient::kernels::cuda
