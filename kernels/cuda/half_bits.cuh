// SPDX-License-Identifier: Apache-2.0
#pragma once

// float to half with saturation: an activation beyond 65504 must not become infinity.

#include <cuda_fp16.h>

namespace salient::kernels::cuda {

__device__ __forceinline__ float within_half(float x) {
  return fminf(fmaxf(x, -65504.0F), 65504.0F);
}

__device__ __forceinline__ __half saturated_half(float x) {
  return __float2half_rn(within_half(x));
}

__device__ __forceinline__ __half2 saturated_half2(float x, float y) {
  return __floats2half2_rn(within_half(x), within_half(y));
}

}  // namespace salient::kernels::cuda
