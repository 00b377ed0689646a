// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "kernels/cuda/bandwidth.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 512;
constexpr int kBlocks = 132 * 8;
constexpr int kPasses = 9;
/// Loads of 16 bytes a thread has in flight.
constexpr int kUnroll = 8;

/// Writes only if the sum is a value that no filled buffer has: the reads cannot be dropped.
__global__ void read_kernel(const uint4* buffer, std::size_t vectors, unsigned* sink) {
  const std::size_t stride = std::size_t{gridDim.x} * kThreads;
  std::size_t i = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  unsigned sum = 0;
  for (; i + (kUnroll - 1) * stride < vectors; i += kUnroll * stride) {
    uint4 loaded[kUnroll];
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) loaded[u] = __ldcs(buffer + i + u * stride);
#pragma unroll
    for (int u = 0; u < kUnroll; ++u) {
      sum += (loaded[u].x ^ loaded[u].y) + (loaded[u].z ^ loaded[u].w);
    }
  }
  for (; i < vectors; i += stride) sum += buffer[i].x ^ buffer[i].y ^ buffer[i].z ^ buffer[i].w;
  if (sum == 0x9E3779B9U && sink != nullptr) *sink = sum;
}

__global__ void copy_kernel(const uint4* from, uint4* to, std::size_t vectors) {
  const std::size_t stride = std::size_t{gridDim.x} * kThreads;
  std::size_t i = std::size_t{blockIdx.x} * kThreads + threadIdx.x;
  for (; i + 3 * stride < vectors; i += 4 * stride) {
    uint4 loaded[4];
#pragma unroll
    for (int u = 0; u < 4; ++u) loaded[u] = __ldcs(from + i + u * stride);
#pragma unroll
    for (int u = 0; u < 4; ++u) __stcs(to + i + u * stride, loaded[u]);
  }
  for (; i < vectors; i += stride) to[i] = from[i];
}

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Median seconds of `pass` on `stream`, one warm pass before.
template <class Pass>
double median_seconds(cudaStream_t stream, const Pass& pass) {
  Event begin;
  Event end;
  pass();
  std::array<float, kPasses> milliseconds{};
  for (float& time : milliseconds) {
    check(cudaEventRecord(begin.get(), stream), "cudaEventRecord");
    pass();
    check(cudaEventRecord(end.get(), stream), "cudaEventRecord");
    check(cudaEventSynchronize(end.get()), "bandwidth");
    check(cudaEventElapsedTime(&time, begin.get(), end.get()), "cudaEventElapsedTime");
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  return static_cast<double>(milliseconds[kPasses / 2]) * 1e-3;
}

const LaunchShape kShape = {.grid = dim3(kBlocks), .block = dim3(kThreads)};

}  // namespace

double read_bandwidth(const void* buffer, std::size_t bytes, cudaStream_t stream) {
  const std::size_t vectors = bytes / sizeof(uint4);
  const double seconds = median_seconds(stream, [&] {
    launch("read_bandwidth", kShape, stream, read_kernel, static_cast<const uint4*>(buffer),
           vectors, nullptr);
  });
  return static_cast<double>(vectors * sizeof(uint4)) / seconds;
}

double copy_bandwidth(void* buffer, std::size_t bytes, cudaStream_t stream) {
  const std::size_t vectors = bytes / 2 / sizeof(uint4);
  uint4* from = static_cast<uint4*>(buffer);
  const double seconds = median_seconds(stream, [&] {
    launch("copy_bandwidth", kShape, stream, copy_kernel, from, from + vectors, vectors);
  });
  return 2.0 * static_cast<double>(vectors * sizeof(uint4)) / seconds;
}

}  // namespace salient::kernels::cuda
