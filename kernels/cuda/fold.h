// SPDX-License-Identifier: Apache-2.0
#pragma once

// Channel scales folded into weights, norms and Gram matrices, in the CPU's float32 operations and
// order. Bound by memory bandwidth. Outputs may be their inputs.

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

/// out [rows, columns] = weight · column_scales / row_divisors; either may be nullptr.
void fold_weight(const float* weight, std::int64_t rows, std::int64_t columns,
                 const float* column_scales, const float* row_divisors, float* out,
                 cudaStream_t stream);
/// out [n] = values / divisors.
void divide(const float* values, const float* divisors, std::int64_t n, float* out,
            cudaStream_t stream);
/// out_ij = gram_ij / (s_i · s_j) on the lower triangle of [n, n]; the rest is left alone.
void fold_gram(const float* gram, const float* channel_scales, std::int64_t n, float* out,
               cudaStream_t stream);

/// peaks [rows] or [columns] = max(peaks, |weight|) over the other axis of weight [rows, columns].
/// The caller fills peaks with zeros first.
void raise_row_peaks(const float* weight, std::int64_t rows, std::int64_t columns, float* peaks,
                     cudaStream_t stream);
void raise_column_peaks(const float* weight, std::int64_t rows, std::int64_t columns, float* peaks,
                        cudaStream_t stream);

}  // namespace salient::kernels::cuda
