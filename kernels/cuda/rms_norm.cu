// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;

/// One block per token; the sum runs in an order fixed by `features`.
__global__ void rms_norm_kernel(const float* x, const float* weight, std::int64_t features,
                                float eps, float* out, __half* half_out) {
  __shared__ float parts[kThreads / kWarp];
  let_successor_start();
  wait_for_predecessor();
  const float* row = x + blockIdx.x * features;
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < features; i += kThreads) sum += row[i] * row[i];
  sum = warp_sum(sum);
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = sum;
  __syncthreads();
  float total = 0;
  for (const float part : parts) total += part;
  const float factor = 1.0F / sqrtf(total / static_cast<float>(features) + eps);
  for (std::int64_t i = threadIdx.x; i < features; i += kThreads) {
    const float normed = row[i] * factor * weight[i];
    const std::int64_t at = blockIdx.x * features + i;
    if (out != nullptr) out[at] = normed;
    if (half_out != nullptr) half_out[at] = saturated_half(normed);
  }
}

}  // namespace

void rms_norm(const float* x, const float* weight, std::int64_t tokens, std::int64_t features,
              float eps, float* out, std::uint16_t* half_out, cudaStream_t stream,
              Dependency dependency) {
  if (tokens == 0) return;
  launch("rms_norm",
         {.grid = dim3(static_cast<unsigned>(tokens)),
          .block = dim3(kThreads),
          .dependency = dependency},
         stream, rms_norm_kernel, x, weight, features, eps, out,
         reinterpret_cast<__half*>(half_out));
}

}  // namespace salient::kernels::cuda
