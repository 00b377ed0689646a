// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every CUDA call and every launch goes through here: checked, on an explicit stream, and with
// programmatic dependent launch where the device has it (sm_90 and later), so that a kernel may
// request its weights while the one before it drains. Host side only; device code of that protocol
// is in `dependency.cuh`.

#include <stdexcept>
#include <string>

#include <cuda_runtime_api.h>

namespace salient::kernels::cuda {

/// A CUDA call failed. `sticky` errors leave the process's context unusable.
class CudaError : public std::runtime_error {
 public:
  CudaError(cudaError_t code, const std::string& what);
  cudaError_t code() const { return code_; }
  bool out_of_memory() const { return code_ == cudaErrorMemoryAllocation; }
  bool sticky() const;

 private:
  cudaError_t code_;
};

/// Throws CudaError naming `what` unless `code` is success.
void check(cudaError_t code, const char* what);

/// Whether kernels on this stream's device may be launched as programmatic dependents.
/// Cooperative: not, but all blocks fit the device at once.
enum class Dependency { Full, Programmatic, Cooperative };

struct LaunchShape {
  dim3 grid;
  dim3 block;
  std::size_t shared_bytes = 0;
  /// Programmatic: the kernel must call `wait_for_predecessor` before it reads what an earlier
  /// launch wrote.
  Dependency dependency = Dependency::Full;
};

/// Launches kernel(args...) on `stream`; `what` names it in an error.
template <class... Parameters, class... Arguments>
void launch(const char* what, const LaunchShape& shape, cudaStream_t stream,
            void (*kernel)(Parameters...), Arguments&&... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream;
  cudaLaunchAttribute programmatic = {};
  programmatic.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  programmatic.val.programmaticStreamSerializationAllowed = 1;
  if (shape.dependency == Dependency::Programmatic) {
    config.attrs = &programmatic;
    config.numAttrs = 1;
    // A multiprocessor that has to change its split of cache and shared memory drains first: the
    // kernels of a decode step share one split, the one that linears want.
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                               cudaSharedmemCarveoutMaxShared),
          what);
  }
  cudaLaunchAttribute cooperative = {};
  cooperative.id = cudaLaunchAttributeCooperative;
  cooperative.val.cooperative = 1;
  if (shape.dependency == Dependency::Cooperative) {
    config.attrs = &cooperative;
    config.numAttrs = 1;
  }
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), what);
}

}  // namespace salient::kernels::cuda
