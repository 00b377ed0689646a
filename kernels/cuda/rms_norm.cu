// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/rms_norm.h"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;

/// 1 / sqrt(mean + eps) of the block's row; the sum runs in an order fixed by `features`.
__device__ float norm_factor(float own_sum, std::int64_t features, float eps) {
  __shared__ float parts[kThreads / kWarp];
  const float sum = warp_sum(own_sum);
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = sum;
  __syncthreads();
  float total = 0;
  for (const float part : parts) total += part;
  return 1.0F / sqrtf(total / static_cast<float>(features) + eps);
}

/// One block per token, any width.
__global__ void rms_norm_kernel(const float* x, const float* weight, std::int64_t features,
                                float eps, float* out, __half* half_out) {
  let_successor_start();
  wait_for_predecessor();
  const float* row = x + blockIdx.x * features;
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < features; i += kThreads) sum += row[i] * row[i];
  const float factor = norm_factor(sum, features, eps);
  for (std::int64_t i = threadIdx.x; i < features; i += kThreads) {
    const float normed = row[i] * factor * weight[i];
    const std::int64_t at = blockIdx.x * features + i;
    if (out != nullptr) out[at] = normed;
    if (half_out != nullptr) half_out[at] = saturated_half(normed);
  }
}

/// One block per token, the row in registers; weights, which no launch writes, are loaded before
/// the predecessor is done.
template <int kFours>
__global__ void rms_norm_fours_kernel(const float4* x, const float4* weight, int fours, float eps,
                                      float4* out, __half2* half_out) {
  let_successor_start();
  float4 own[kFours];
  float4 gain[kFours];
#pragma unroll
  for (int i = 0; i < kFours; ++i) {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    gain[i] = at < fours ? weight[at] : make_float4(0, 0, 0, 0);
  }
  wait_for_predecessor();
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * fours;
  float sum = 0;
#pragma unroll
  for (int i = 0; i < kFours; ++i) {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    own[i] = at < fours ? x[row + at] : make_float4(0, 0, 0, 0);
    sum += own[i].x * own[i].x + own[i].y * own[i].y + own[i].z * own[i].z + own[i].w * own[i].w;
  }
  const float factor = norm_factor(sum, 4 * static_cast<std::int64_t>(fours), eps);
#pragma unroll
  for (int i = 0; i < kFours; ++i) {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    if (at >= fours) continue;
    const float4 n = make_float4(own[i].x * factor * gain[i].x, own[i].y * factor * gain[i].y,
                                 own[i].z * factor * gain[i].z, own[i].w * factor * gain[i].w);
    if (out != nullptr) out[row + at] = n;
    if (half_out == nullptr) continue;
    half_out[2 * (row + at)] = saturated_half2(n.x, n.y);
    half_out[2 * (row + at) + 1] = saturated_half2(n.z, n.w);
  }
}

}  // namespace

void rms_norm(const float* x, const float* weight, std::int64_t tokens, std::int64_t features,
              float eps, float* out, std::uint16_t* half_out, cudaStream_t stream,
              Dependency dependency) {
  if (tokens == 0) return;
  const LaunchShape shape = {.grid = dim3(static_cast<unsigned>(tokens)),
                             .block = dim3(kThreads),
                             .dependency = dependency};
  auto* halves = reinterpret_cast<__half*>(half_out);
  if (features % 4 != 0 || features > 32 * kThreads) {
    launch("rms_norm", shape, stream, rms_norm_kernel, x, weight, features, eps, out, halves);
    return;
  }
  const auto kernel =
      features <= 16 * kThreads ? rms_norm_fours_kernel<4> : rms_norm_fours_kernel<8>;
  launch("rms_norm", shape, stream, kernel, reinterpret_cast<const float4*>(x),
         reinterpret_cast<const float4*>(weight), static_cast<int>(features / 4), eps,
         reinterpret_cast<float4*>(out), reinterpret_cast<__half2*>(halves));
}

}  // namespace salient::kernels::cuda
