// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/group_statistics.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
/// The floor of rounding under the range of a group.
constexpr double kSmallestRange = 1e-5;

/// One warp per group: [row, first, first + count).
struct GroupOfWarp {
  std::int64_t index;
  std::int64_t offset;  ///< of its first weight
  std::int64_t first;   ///< column
  std::int64_t count;

  __device__ GroupOfWarp(std::int64_t columns, std::int64_t group_size) {
    const std::int64_t groups = (columns + group_size - 1) / group_size;
    index = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
    first = index % groups * group_size;
    offset = index / groups * columns + first;
    count = min(group_size, columns - first);
  }
};

template <class T>
__device__ T warp_max(T value) {
  for (int step = 16; step > 0; step /= 2) {
    value = max(value, __shfl_xor_sync(0xFFFFFFFFU, value, step));
  }
  return value;
}

__global__ void group_peaks_kernel(const float* weight, std::int64_t total, std::int64_t columns,
                                   std::int64_t group_size, float* peaks) {
  const GroupOfWarp group(columns, group_size);
  if (group.index >= total) return;
  float peak = 0;
  for (std::int64_t k = threadIdx.x % 32; k < group.count; k += 32) {
    peak = fmaxf(peak, fabsf(weight[group.offset + k]));
  }
  peak = warp_max(peak);
  if (threadIdx.x % 32 == 0) peaks[group.index] = peak;
}

__device__ double exact_step(double low, double high, int bits, Grid grid) {
  if (grid == Grid::Symmetric) {
    return fmax(fmax(fabs(low), fabs(high)), kSmallestRange) / ((1 << (bits - 1)) - 1);
  }
  return fmax(high - low, kSmallestRange) / ((1 << bits) - 1);
}

__global__ void step_ratios_kernel(const float* weight, const double* scales, std::int64_t total,
                                   std::int64_t columns, int bits, std::int64_t group_size,
                                   Grid grid, double* ratios) {
  const GroupOfWarp group(columns, group_size);
  if (group.index >= total) return;
  // Lanes beyond a short group repeat its first weight, which changes no extreme.
  double low = 1e300, high = -1e300, scaled_low = 1e300, scaled_high = -1e300;
  for (std::int64_t k = threadIdx.x % 32; k < group.count; k += 32) {
    const auto w = static_cast<double>(weight[group.offset + k]);
    const double scaled = w * scales[group.first + k];
    low = fmin(low, w);
    high = fmax(high, w);
    scaled_low = fmin(scaled_low, scaled);
    scaled_high = fmax(scaled_high, scaled);
  }
  low = -warp_max(-low);
  high = warp_max(high);
  scaled_low = -warp_max(-scaled_low);
  scaled_high = warp_max(scaled_high);
  if (threadIdx.x % 32 != 0) return;
  ratios[group.index] =
      exact_step(scaled_low, scaled_high, bits, grid) / exact_step(low, high, bits, grid);
}

__global__ void squared_distance_kernel(const float* a, const float* b, std::int64_t count,
                                        double* parts) {
  __shared__ double sums[kThreads];
  double sum = 0;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += stride) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  sums[threadIdx.x] = sum;
  __syncthreads();
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) parts[blockIdx.x] = sums[0];
}

unsigned blocks_for(std::int64_t groups) {
  return static_cast<unsigned>((groups + kWarps - 1) / kWarps);
}

}  // namespace

void group_peaks(const float* weight, std::int64_t rows, std::int64_t columns,
                 std::int64_t group_size, float* peaks, cudaStream_t stream) {
  const std::int64_t total = rows * ((columns + group_size - 1) / group_size);
  launch("group_peaks", {dim3(blocks_for(total)), dim3(kThreads)}, stream, group_peaks_kernel,
         weight, total, columns, group_size, peaks);
}

void step_ratios(const float* weight, const double* scales, std::int64_t rows, std::int64_t columns,
                 int bits, std::int64_t group_size, Grid grid, double* ratios,
                 cudaStream_t stream) {
  const std::int64_t total = rows * ((columns + group_size - 1) / group_size);
  launch("step_ratios", {dim3(blocks_for(total)), dim3(kThreads)}, stream, step_ratios_kernel,
         weight, scales, total, columns, bits, group_size, grid, ratios);
}

void squared_distance(const float* a, const float* b, std::int64_t count, double* parts,
                      cudaStream_t stream) {
  launch("squared_distance", {dim3(kDistanceParts), dim3(kThreads)}, stream,
         squared_distance_kernel, a, b, count, parts);
}

}  // namespace salient::kernels::cuda
