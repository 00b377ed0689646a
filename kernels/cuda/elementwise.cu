// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <cuda_bf16.h>

#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/half_bits.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
/// Enough blocks to fill a card; each strides over the rest.
constexpr std::int64_t kMaxBlocks = 2048;

LaunchShape shape_of(std::int64_t elements, Dependency dependency) {
  const std::int64_t blocks =
      std::clamp<std::int64_t>((elements + kThreads - 1) / kThreads, 1, kMaxBlocks);
  return {.grid = dim3(static_cast<unsigned>(blocks)),
          .block = dim3(kThreads),
          .dependency = dependency};
}

__device__ float to_float(float x) {
  return x;
}
__device__ float to_float(__half x) {
  return __half2float(x);
}
__device__ float to_float(__nv_bfloat16 x) {
  return __bfloat162float(x);
}

__device__ float silu(float x) {
  return x / (1.0F + expf(-x));
}

/// One block per token.
template <class T>
__global__ void embedding_kernel(const T* table, std::int64_t features, const std::int32_t* ids,
                                 float* out) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t token = blockIdx.x;
  const T* row = table + static_cast<std::int64_t>(ids[token]) * features;
  for (std::int64_t i = threadIdx.x; i < features; i += kThreads) {
    out[token * features + i] = to_float(row[i]);
  }
}

__global__ void silu_mul_kernel(const float* gate, const float* up, std::int64_t count, float* out,
                                __half* half_out) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = blockIdx.x * kThreads + threadIdx.x; i < count; i += stride) {
    const float hidden = silu(gate[i]) * up[i];
    if (out != nullptr) out[i] = hidden;
    if (half_out != nullptr) half_out[i] = saturated_half(hidden);
  }
}

__global__ void add_kernel(float* x, const float* y, std::int64_t count) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = blockIdx.x * kThreads + threadIdx.x; i < count; i += stride) x[i] += y[i];
}

__global__ void to_half_kernel(const float* x, std::int64_t count, __half* out) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = blockIdx.x * kThreads + threadIdx.x; i < count; i += stride) {
    out[i] = saturated_half(x[i]);
  }
}

template <class T>
void launch_embedding(const void* table, std::int64_t features, const std::int32_t* ids,
                      std::int64_t tokens, float* out, cudaStream_t stream, Dependency dependency) {
  launch("embedding",
         {.grid = dim3(static_cast<unsigned>(tokens)),
          .block = dim3(kThreads),
          .dependency = dependency},
         stream, embedding_kernel<T>, static_cast<const T*>(table), features, ids, out);
}

}  // namespace

void embedding(const void* table, Number number, std::int64_t features, const std::int32_t* ids,
               std::int64_t tokens, float* out, cudaStream_t stream, Dependency dependency) {
  if (tokens == 0) return;
  switch (number) {
    case Number::F32:
      return launch_embedding<float>(table, features, ids, tokens, out, stream, dependency);
    case Number::F16:
      return launch_embedding<__half>(table, features, ids, tokens, out, stream, dependency);
    case Number::BF16:
      return launch_embedding<__nv_bfloat16>(table, features, ids, tokens, out, stream, dependency);
  }
}

void silu_mul(const float* gate, const float* up, std::int64_t count, float* out,
              std::uint16_t* half_out, cudaStream_t stream, Dependency dependency) {
  launch("silu_mul", shape_of(count, dependency), stream, silu_mul_kernel, gate, up, count, out,
         reinterpret_cast<__half*>(half_out));
}

void add(float* x, const float* y, std::int64_t count, cudaStream_t stream, Dependency dependency) {
  launch("add", shape_of(count, dependency), stream, add_kernel, x, y, count);
}

void to_half(const float* x, std::int64_t count, std::uint16_t* out, cudaStream_t stream,
             Dependency dependency) {
  launch("to_half", shape_of(count, dependency), stream, to_half_kernel, x, count,
         reinterpret_cast<__half*>(out));
}

}  // namespace salient::kernels::cuda
