// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace salient::kernels::cuda {

/// The turn of pair i at a position. The angle is a float32 product, as in the models' own code.
struct Turn {
  float sine;
  float cosine;
  __device__ Turn(std::int32_t position, float inverse_frequency) {
    sincosf(__fmul_rn(static_cast<float>(position), inverse_frequency), &sine, &cosine);
  }
  __device__ float first(float a, float b) const { return a * cosine - b * sine; }
  __device__ float second(float a, float b) const { return b * cosine + a * sine; }
};

}  // namespace salient::kernels::cuda
