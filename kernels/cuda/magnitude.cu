// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/cuda/magnitude.h"

namespace salient::kernels::cuda {
namespace {

/// A block takes 32 channels of one slice of the tokens; a second launch adds the slices up.
constexpr int kColumns = 32;
constexpr int kRows = 16;
constexpr std::int64_t kTokensPerSlice = 512;

std::int64_t slices_of(std::int64_t tokens) {
  return std::clamp<std::int64_t>((tokens + kTokensPerSlice - 1) / kTokensPerSlice, 1, 64);
}

__global__ void __launch_bounds__(kColumns* kRows)
    sum_slice(const float* __restrict__ x, std::int64_t tokens, std::int64_t n,
              double* __restrict__ sums, float* __restrict__ peaks) {
  __shared__ double sum_of[kRows][kColumns];
  __shared__ float peak_of[kRows][kColumns];
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kColumns + threadIdx.x;
  const std::int64_t slices = gridDim.y;
  const std::int64_t begin = tokens * blockIdx.y / slices;
  const std::int64_t end = tokens * (blockIdx.y + 1) / slices;
  double sum = 0;
  float peak = 0;
  if (column < n) {
#pragma unroll 4
    for (std::int64_t t = begin + threadIdx.y; t < end; t += kRows) {
      const float magnitude = fabsf(x[t * n + column]);
      sum += static_cast<double>(magnitude);
      peak = fmaxf(peak, magnitude);
    }
  }
  sum_of[threadIdx.y][threadIdx.x] = sum;
  peak_of[threadIdx.y][threadIdx.x] = peak;
  __syncthreads();
  if (threadIdx.y != 0 || column >= n) return;
  for (int r = 1; r < kRows; ++r) {
    sum += sum_of[r][threadIdx.x];
    peak = fmaxf(peak, peak_of[r][threadIdx.x]);
  }
  sums[blockIdx.y * n + column] = sum;
  peaks[blockIdx.y * n + column] = peak;
}

__global__ void add_slices(const double* __restrict__ sums, const float* __restrict__ peaks,
                           std::int64_t slices, std::int64_t n, double* sum, float* max) {
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= n) return;
  double total = 0;
  float peak = max[column];
  for (std::int64_t s = 0; s < slices; ++s) {
    total += sums[s * n + column];
    peak = fmaxf(peak, peaks[s * n + column]);
  }
  sum[column] += total;
  max[column] = peak;
}

}  // namespace

std::int64_t magnitude_workspace_bytes(std::int64_t tokens, std::int64_t n) {
  return slices_of(tokens) * n * static_cast<std::int64_t>(sizeof(double) + sizeof(float));
}

void accumulate_magnitude(const float* x, std::int64_t tokens, std::int64_t n, double* sum,
                          float* max, void* workspace, cudaStream_t stream) {
  const std::int64_t slices = slices_of(tokens);
  auto* sums = static_cast<double*>(workspace);
  auto* peaks = reinterpret_cast<float*>(sums + slices * n);
  launch("magnitude",
         {.grid = dim3(static_cast<unsigned>((n + kColumns - 1) / kColumns),
                       static_cast<unsigned>(slices)),
          .block = dim3(kColumns, kRows)},
         stream, sum_slice, x, tokens, n, sums, peaks);
  launch("magnitude sums",
         {.grid = dim3(static_cast<unsigned>((n + 127) / 128)), .block = dim3(128)}, stream,
         add_slices, sums, peaks, slices, n, sum, max);
}

}  // namespace salient::kernels::cuda
