// SPDX-License-Identifier: Apache-2.0
#pragma once

// A device buffer of T for tests and benchmarks: filled from host numbers, read back as them. New
// memory is filled with 0xFF bytes (NaN as float or half), so that an element a kernel forgets to
// write shows.

#include <vector>

#include <cuda_runtime_api.h>

#include "kernels/cuda/launch.h"
#include "tests/shared_data.h"

namespace salient::tests {

/// False, after saying so, where no CUDA device can be used; the test returns.
inline bool has_cuda_device() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) return true;
  static_cast<void>(cudaGetLastError());
  skip("no CUDA device");
  return false;
}

template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size) : size_(size) {
    kernels::cuda::check(cudaMalloc(&data_, size * sizeof(T)), "cudaMalloc");
    kernels::cuda::check(cudaMemset(data_, 0xFF, size * sizeof(T)), "cudaMemset");
    wait();
  }
  explicit DeviceArray(const std::vector<T>& host) : DeviceArray(host.size()) {
    kernels::cuda::check(cudaMemcpy(data_, host.data(), size_ * sizeof(T), cudaMemcpyHostToDevice),
                         "cudaMemcpy");
    wait();
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* data() { return static_cast<T*>(data_); }
  const T* data() const { return static_cast<const T*>(data_); }
  std::size_t size() const { return size_; }
  /// Waits for the device.
  std::vector<T> host() const {
    std::vector<T> copy(size_);
    kernels::cuda::check(cudaMemcpy(copy.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost),
                         "cudaMemcpy");
    return copy;
  }

 private:
  /// Fills are only queued on the default stream, which other streams do not wait for.
  static void wait() { kernels::cuda::check(cudaDeviceSynchronize(), "cudaDeviceSynchronize"); }

  std::size_t size_;
  void* data_ = nullptr;
};

}  // namespace salient::tests
