// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "kernels/cuda/synthesis.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;

/// The finaliser of SplitMix64: 64 well-mixed bits of a counter.
__device__ std::uint64_t mixed(std::uint64_t counter, std::uint64_t seed) {
  std::uint64_t z = (counter + 1) * 0x9E3779B97F4A7C15ULL + seed * 0xD1B54A32D192ED03ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

/// Box and Muller, one number per counter.
__device__ float normal(std::uint64_t counter, std::uint64_t seed) {
  const std::uint64_t bits = mixed(counter, seed);
  const float u = (static_cast<float>(bits >> 40U) + 0.5F) * 0x1p-24F;
  const float angle = static_cast<float>(bits & 0xFFFFFFU) * 0x1p-23F;
  return sqrtf(-2.0F * logf(u)) * cospif(angle);
}

__device__ void store(float* out, float value) {
  *out = value;
}
__device__ void store(__half* out, float value) {
  *out = __float2half_rn(value);
}
__device__ void store(__nv_bfloat16* out, float value) {
  *out = __float2bfloat16_rn(value);
}

template <class T>
__global__ void fill(T* out, std::int64_t count, NormalNumbers numbers) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += step) {
    const std::uint64_t counter = numbers.offset + static_cast<std::uint64_t>(i);
    float value = normal(counter, numbers.seed) * numbers.deviation + numbers.mean;
    if (numbers.column_factors != nullptr) {
      value *= numbers.column_factors[counter % static_cast<std::uint64_t>(numbers.columns)];
    }
    store(out + i, value);
  }
}

template <class T>
void launch_fill(T* out, std::int64_t count, const NormalNumbers& numbers, cudaStream_t stream) {
  if (count == 0) return;
  const std::int64_t blocks = (count + kThreads - 1) / kThreads;
  launch(
      "random numbers",
      {.grid = dim3(static_cast<unsigned>(blocks < 8192 ? blocks : 8192)), .block = dim3(kThreads)},
      stream, fill<T>, out, count, numbers);
}

}  // namespace

void fill_normal(float* out, std::int64_t count, const NormalNumbers& numbers,
                 cudaStream_t stream) {
  launch_fill(out, count, numbers, stream);
}

void fill_normal_half(std::uint16_t* out, std::int64_t count, const NormalNumbers& numbers,
                      cudaStream_t stream) {
  launch_fill(reinterpret_cast<__half*>(out), count, numbers, stream);
}

void fill_normal_bfloat(std::uint16_t* out, std::int64_t count, const NormalNumbers& numbers,
                        cudaStream_t stream) {
  launch_fill(reinterpret_cast<__nv_bfloat16*>(out), count, numbers, stream);
}

}  // namespace salient::kernels::cuda
