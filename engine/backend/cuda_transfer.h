// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small arrays between the host and a CudaBackend's memory, in order with its stream.

#include <cstring>
#include <span>
#include <vector>

#include <cuda_runtime_api.h>

#include "engine/backend/cuda_memory.h"
#include "engine/tensor/tensor.h"
#include "kernels/cuda/launch.h"

namespace salient {

template <class T>
T* device_data(Tensor& tensor) {
  return reinterpret_cast<T*>(tensor.data());
}
template <class T>
const T* device_data(const Tensor& tensor) {
  return reinterpret_cast<const T*>(tensor.data());
}

struct CudaTransfer {
  CudaMemory& memory;
  cudaStream_t stream;

  /// Bytes on the device; waits, because `values` may die after the call.
  template <class T>
  Tensor upload(std::span<const T> values) const {
    Tensor there = Tensor::on_device(DType::U8, {static_cast<std::int64_t>(values.size_bytes())},
                                     memory.allocate(values.size_bytes()));
    kernels::cuda::check(cudaMemcpyAsync(there.data(), values.data(), values.size_bytes(),
                                         cudaMemcpyHostToDevice, stream),
                         "a copy to the GPU");
    kernels::cuda::check(cudaStreamSynchronize(stream), "a copy to the GPU");
    return there;
  }

  template <class T>
  void download(const Tensor& tensor, std::span<T> values) const {
    kernels::cuda::check(cudaMemcpyAsync(values.data(), tensor.data(), values.size_bytes(),
                                         cudaMemcpyDeviceToHost, stream),
                         "a copy from the GPU");
    kernels::cuda::check(cudaStreamSynchronize(stream), "a copy from the GPU");
  }
};

}  // namespace salient
