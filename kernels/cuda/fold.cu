// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/cuda/fold.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
/// The grid's second dimension ends at 65535; rows beyond are visited in strides of it.
constexpr std::int64_t kMostBlocks = 65535;

unsigned blocks_of(std::int64_t count, std::int64_t per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

__global__ void fold_rows(const float* weight, std::int64_t rows, std::int64_t columns,
                          const float* __restrict__ scales, const float* __restrict__ divisors,
                          float* out) {
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (column >= columns) return;
  const float scale = scales == nullptr ? 1.0F : scales[column];
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    const std::int64_t i = row * columns + column;
    const float product = __fmul_rn(weight[i], scale);
    out[i] = divisors == nullptr ? product : __fdiv_rn(product, divisors[row]);
  }
}

__global__ void divide_each(const float* values, const float* divisors, std::int64_t n,
                            float* out) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < n) out[i] = __fdiv_rn(values[i], divisors[i]);
}

__global__ void fold_triangle(const float* gram, const float* __restrict__ scales, std::int64_t n,
                              float* out) {
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (column >= n) return;
  const float scale = scales[column];
  for (std::int64_t row = blockIdx.y; row < n; row += gridDim.y) {
    if (column > row) continue;
    out[row * n + column] = __fdiv_rn(gram[row * n + column], __fmul_rn(scales[row], scale));
  }
}

/// Magnitudes order as their bits do, so the maximum over blocks is an integer one.
__device__ void raise(float* peak, float magnitude) {
  atomicMax(reinterpret_cast<unsigned int*>(peak), __float_as_uint(magnitude));
}

__global__ void row_peaks(const float* __restrict__ weight, std::int64_t columns, float* peaks) {
  const float* row = weight + static_cast<std::int64_t>(blockIdx.x) * columns;
  float peak = 0;
  for (std::int64_t j = threadIdx.x; j < columns; j += kThreads) peak = fmaxf(peak, fabsf(row[j]));
  for (int offset = 16; offset > 0; offset /= 2) {
    peak = fmaxf(peak, __shfl_xor_sync(0xFFFFFFFFU, peak, offset));
  }
  if (threadIdx.x % 32 == 0) raise(peaks + blockIdx.x, peak);
}

__global__ void column_peaks(const float* __restrict__ weight, std::int64_t rows,
                             std::int64_t columns, float* peaks) {
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (column >= columns) return;
  float peak = 0;
  for (std::int64_t row = blockIdx.y; row < rows; row += gridDim.y) {
    peak = fmaxf(peak, fabsf(weight[row * columns + column]));
  }
  raise(peaks + column, peak);
}

}  // namespace

void fold_weight(const float* weight, std::int64_t rows, std::int64_t columns,
                 const float* column_scales, const float* row_divisors, float* out,
                 cudaStream_t stream) {
  launch("fold weight",
         {.grid = dim3(blocks_of(columns, kThreads), blocks_of(std::min(rows, kMostBlocks), 1)),
          .block = dim3(kThreads)},
         stream, fold_rows, weight, rows, columns, column_scales, row_divisors, out);
}

void divide(const float* values, const float* divisors, std::int64_t n, float* out,
            cudaStream_t stream) {
  launch("divide", {.grid = dim3(blocks_of(n, kThreads)), .block = dim3(kThreads)}, stream,
         divide_each, values, divisors, n, out);
}

void fold_gram(const float* gram, const float* channel_scales, std::int64_t n, float* out,
               cudaStream_t stream) {
  launch("fold Gram matrix",
         {.grid = dim3(blocks_of(n, kThreads), blocks_of(std::min(n, kMostBlocks), 1)),
          .block = dim3(kThreads)},
         stream, fold_triangle, gram, channel_scales, n, out);
}

void raise_row_peaks(const float* weight, std::int64_t rows, std::int64_t columns, float* peaks,
                     cudaStream_t stream) {
  launch("row peaks", {.grid = dim3(static_cast<unsigned>(rows)), .block = dim3(kThreads)}, stream,
         row_peaks, weight, columns, peaks);
}

void raise_column_peaks(const float* weight, std::int64_t rows, std::int64_t columns, float* peaks,
                        cudaStream_t stream) {
  const std::int64_t slices = std::clamp<std::int64_t>(rows / 64, 1, 256);
  launch("column peaks",
         {.grid = dim3(blocks_of(columns, kThreads), static_cast<unsigned>(slices)),
          .block = dim3(kThreads)},
         stream, column_peaks, weight, rows, columns, peaks);
}

}  // namespace salient::kernels::cuda
