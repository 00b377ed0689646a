// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/packed_linear.h"

#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear_plain.h"

namespace salient::kernels::cuda {

namespace {

constexpr LinearVariant kVariants[] = {
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

std::size_t linear_workspace_bytes(std::int64_t tokens, std::int64_t in_features,
                                   std::int64_t out_features_of_all_targets) {
  // Activations as float16, rows filled up; then partial sums of up to 8 splits.
  constexpr std::int64_t kMostSplits = 8;
  if (tokens <= 1) return 0;
  const std::int64_t rows = (tokens + 127) / 128 * 128;
  const std::int64_t columns = (in_features + 127) / 128 * 128;
  const std::int64_t partial = tokens * (out_features_of_all_targets + 48) * kMostSplits;
  return static_cast<std::size_t>(rows * columns * 2 + partial * 4 + 1024);
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
