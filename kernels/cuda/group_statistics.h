// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small reductions over a weight that only bandwidth bounds: what each group of a row peaks at, how
// its step changes under channel scales, and the distance of two arrays. Device memory throughout.

#include <cstdint>

#include "kernels/cuda/rounding.h"

namespace salient::kernels::cuda {

/// peaks [rows, num_groups] = max |weight| of every group of weight [rows, columns].
void group_peaks(const float* weight, std::int64_t rows, std::int64_t columns,
                 std::int64_t group_size, float* peaks, cudaStream_t stream);

/// ratios [rows, num_groups] = step of (weight·diag(scales)) over step of weight, both in float64
/// before any rounding of the step; scales [columns].
void step_ratios(const float* weight, const double* scales, std::int64_t rows, std::int64_t columns,
                 int bits, std::int64_t group_size, Grid grid, double* ratios, cudaStream_t stream);

inline constexpr int kDistanceParts = 256;
/// parts [kDistanceParts]: their sum is Σ (a - b)² over [count], in an order that is always the
/// same.
void squared_distance(const float* a, const float* b, std::int64_t count, double* parts,
                      cudaStream_t stream);

}  // namespace salient::kernels::cuda
