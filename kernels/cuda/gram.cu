// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <cuda_fp16.h>

#include "kernels/cuda/gram.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
/// Columns of gram per product: narrower saves more of the upper triangle, wider fills the card.
constexpr std::int64_t kPanel = 1024;
constexpr std::int64_t kHeaderBytes = 256;

/// At the start of the workspace; the rounded x follows.
struct Header {
  unsigned int peak_bits;  ///< of the largest |x|; the order of bits is the order of magnitudes
  float factor;            ///< of products of rounded numbers
  float one;
};

std::int64_t stride_of(std::int64_t n) {
  return (n + 63) / 64 * 64;
}

__device__ unsigned int magnitude_bits(float value) {
  return __float_as_uint(fabsf(value));
}

/// `by_four`: x is aligned to 16 bytes.
__global__ void find_peak(const float* __restrict__ x, std::int64_t count, bool by_four,
                          Header* header) {
  unsigned int peak = 0;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  const std::int64_t thread = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const std::int64_t fours = by_four ? count / 4 : 0;
  for (std::int64_t i = thread; i < fours; i += step) {
    const float4 v = reinterpret_cast<const float4*>(x)[i];
    peak = max(max(peak, magnitude_bits(v.x)), magnitude_bits(v.y));
    peak = max(max(peak, magnitude_bits(v.z)), magnitude_bits(v.w));
  }
  for (std::int64_t i = fours * 4 + thread; i < count; i += step) {
    peak = max(peak, magnitude_bits(x[i]));
  }
  peak = __reduce_max_sync(0xFFFFFFFFU, peak);
  if (threadIdx.x % 32 == 0) atomicMax(&header->peak_bits, peak);
}

/// 2^(14 - exponent of the peak); 1 where there is no peak. Bounded so that its square is finite.
__device__ float scale_of(unsigned int peak_bits) {
  if (peak_bits == 0 || peak_bits >= 0x7F800000U) return 1.0F;
  const int exponent = max(-40, min(60, static_cast<int>(peak_bits >> 23U) - 127));
  return exp2f(static_cast<float>(14 - exponent));
}

/// Four columns a thread; `by_four`: every row of x is aligned to 16 bytes.
__global__ void round_to_half(const float* __restrict__ x, std::int64_t n, std::int64_t stride,
                              bool by_four, Header* header, __half* __restrict__ rounded) {
  const float scale = scale_of(header->peak_bits);
  if (blockIdx.x == 0 && blockIdx.y == 0 && threadIdx.x == 0) {
    header->factor = 1.0F / (scale * scale);
    header->one = 1.0F;
  }
  const std::int64_t column = (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x) * 4;
  if (column >= stride) return;
  const float* from = x + blockIdx.y * n + column;
  float4 v = {};
  if (by_four && column < n) {
    v = *reinterpret_cast<const float4*>(from);
  } else {
    if (column < n) v.x = from[0];
    if (column + 1 < n) v.y = from[1];
    if (column + 2 < n) v.z = from[2];
    if (column + 3 < n) v.w = from[3];
  }
  const __half2 pairs[2] = {__floats2half2_rn(v.x * scale, v.y * scale),
                            __floats2half2_rn(v.z * scale, v.w * scale)};
  *reinterpret_cast<uint2*>(rounded + blockIdx.y * stride + column) =
      *reinterpret_cast<const uint2*>(pairs);
}

}  // namespace

std::int64_t gram_workspace_bytes(std::int64_t tokens, std::int64_t n) {
  return kHeaderBytes + tokens * stride_of(n) * 2;
}

void accumulate_gram(Matmul& matmul, const float* x, std::int64_t tokens, std::int64_t n,
                     float* gram, void* workspace) {
  if (tokens == 0) return;
  const cudaStream_t stream = matmul.stream();
  auto* header = static_cast<Header*>(workspace);
  auto* rounded = reinterpret_cast<__half*>(static_cast<char*>(workspace) + kHeaderBytes);
  const std::int64_t stride = stride_of(n);
  check(cudaMemsetAsync(header, 0, sizeof(Header), stream), "gram header");
  const bool aligned = reinterpret_cast<std::uintptr_t>(x) % 16 == 0;
  const auto blocks = static_cast<unsigned>(
      std::min<std::int64_t>((tokens * n + kThreads * 8 - 1) / (kThreads * 8), 2048));
  launch("gram peak", {.grid = dim3(blocks), .block = dim3(kThreads)}, stream, find_peak, x,
         tokens * n, aligned, header);
  constexpr std::int64_t kMostRows = 32768;  // the grid's second dimension ends at 65535
  for (std::int64_t t = 0; t < tokens; t += kMostRows) {
    const std::int64_t rows = std::min(kMostRows, tokens - t);
    launch("gram rounding",
           {.grid = dim3(static_cast<unsigned>((stride / 4 + kThreads - 1) / kThreads),
                         static_cast<unsigned>(rows)),
            .block = dim3(kThreads)},
           stream, round_to_half, x + t * n, n, stride, aligned && n % 4 == 0, header,
           rounded + t * stride);
  }
  const auto* half = reinterpret_cast<const std::uint16_t*>(rounded);
  for (std::int64_t first = 0; first < n; first += kPanel) {
    matmul.add_transposed_product(half + first, n - first, half + first,
                                  std::min(kPanel, n - first), tokens, stride, &header->factor,
                                  &header->one, gram + first * n + first, n);
  }
}

}  // namespace salient::kernels::cuda
