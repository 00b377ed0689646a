// SPDX-License-Identifier: Apache-2.0
#include <cuda_fp16.h>

#include "kernels/cuda/correlation.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kTile = 32;
constexpr int kTileRows = 8;

__global__ void take_root(const float* __restrict__ gram, std::int64_t n, float* root) {
  const std::int64_t j = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (j < n) root[j] = sqrtf(gram[j * (n + 1)]);
}

/// G_ij of the lower triangle as a correlation, times two where it stands for both triangles.
__device__ float correlation_of(float value, float root_i, float root_j, float times) {
  const float scale = root_i * root_j;
  return scale == 0.0F ? 0.0F : times * (value / scale);
}

/// Where C is stored: rounded to half, and what that loses.
struct Halves {
  __half* matrix;
  __half* rest;  ///< or nullptr

  __device__ void store(std::int64_t at, float value) const {
    const __half rounded = __float2half_rn(value);
    matrix[at] = rounded;
    if (rest != nullptr) rest[at] = __float2half_rn(value - __half2float(rounded));
  }
};

/// matrix[j, k] for k at or after the start of j's panel: C inside the square block on the
/// diagonal, 2·C behind it. Tiles below the diagonal of gram are read once and written turned, and
/// inside the square block also as they are.
__global__ void fill_correlation(const float* __restrict__ gram, const float* __restrict__ root,
                                 std::int64_t n, std::int64_t stride, Halves out) {
  __shared__ float tile[kTile][kTile + 1];
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * kTile;
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x) * kTile;
  if (first_column > first_row) return;
  const bool square = first_row / kCorrelationPanel == first_column / kCorrelationPanel;
  const float times = square ? 1.0F : 2.0F;
  for (int r = threadIdx.y; r < kTile; r += kTileRows) {
    const std::int64_t row = first_row + r;
    const std::int64_t column = first_column + threadIdx.x;
    const bool inside = row < n && column <= row;
    const float root_row = row < n ? root[row] : 0.0F;
    const float root_column = column < n ? root[column] : 0.0F;
    const float value =
        correlation_of(inside ? gram[row * n + column] : 0.0F, root_row, root_column, times);
    tile[r][threadIdx.x] = value;
    if (square && column <= row) out.store(row * stride + column, value);
  }
  __syncthreads();
  for (int r = threadIdx.y; r < kTile; r += kTileRows) {
    const std::int64_t row = first_column + r;
    const std::int64_t column = first_row + threadIdx.x;
    if (row < column) out.store(row * stride + column, tile[threadIdx.x][r]);
  }
}

}  // namespace

void prepare_correlation(const float* gram, const Correlation& correlation, cudaStream_t stream) {
  const std::int64_t n = correlation.n;
  const std::int64_t stride = correlation_stride(n);
  const auto tiles = static_cast<unsigned>(stride / kTile);
  launch(
      "Gram diagonal",
      {.grid = dim3(static_cast<unsigned>((n + kThreads - 1) / kThreads)), .block = dim3(kThreads)},
      stream, take_root, gram, n, correlation.root);
  launch("correlation", {.grid = dim3(tiles, tiles), .block = dim3(kTile, kTileRows)}, stream,
         fill_correlation, gram, correlation.root, n, stride,
         Halves{reinterpret_cast<__half*>(correlation.matrix),
                reinterpret_cast<__half*>(correlation.rest)});
}

}  // namespace salient::kernels::cuda
