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

/// The same to 1e-6, in a dozen instructions: for values that are rounded to half at once. The
/// angle's whole turns are taken off in two parts of 2 pi.
struct QuickTurn {
  float sine;
  float cosine;
  __device__ QuickTurn(std::int32_t position, float inverse_frequency) {
    const float angle = __fmul_rn(static_cast<float>(position), inverse_frequency);
    const float turns = rintf(angle * 0.159154943F);
    const float rest = fmaf(turns, 1.74845553e-7F, fmaf(turns, -6.28318548F, angle));
    __sincosf(rest, &sine, &cosine);
  }
  __device__ float first(float a, float b) const { return a * cosine - b * sine; }
  __device__ float second(float a, float b) const { return b * cosine + a * sine; }
};

}  // namespace salient::kernels::cuda
