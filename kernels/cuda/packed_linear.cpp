// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/packed_linear.h"

#include "kernels/cuda/batch_linear.h"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear_plain.h"
#include "kernels/cuda/stream_linear.h"

namespace salient::kernels::cuda {

namespace {

constexpr LinearVariant kVariants[] = {
    {"stream", stream_linear_supports, launch_stream_linear},
    {"batch", batch_linear_supports, launch_batch_linear},
    {"plain", plain_linear_supports, launch_plain_linear},
};

}  // namespace

DeviceLimits device_limits(int device) {
  DeviceLimits limits;
  int major = 0;
  int minor = 0;
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "capability");
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "capability");
  check(cudaDeviceGetAttribute(&limits.multiprocessors, cudaDevAttrMultiProcessorCount, device),
        "multiprocessor count");
  check(
      cudaDeviceGetAttribute(&limits.shared_bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device),
      "shared memory");
  limits.capability = 10 * major + minor;
  return limits;
}

std::span<const LinearVariant> linear_variants() {
  return kVariants;
}

void run_linear(const LinearProblem& problem, cudaStream_t stream) {
  for (const LinearVariant& variant : linear_variants()) {
    if (variant.supports(problem)) return variant.launch(problem, stream);
  }
}

}  // namespace salient::kernels::cuda
