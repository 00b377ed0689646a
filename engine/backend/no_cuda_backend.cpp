// SPDX-License-Identifier: Apache-2.0
// What stands for the CUDA backend in a build without it.
#include "engine/backend/backend.h"
#include "engine/backend/device_error.h"
#include "engine/backend/device_request.h"
#include "engine/error.h"

namespace salient {

std::vector<CudaDevice> cuda_devices() {
  return {};
}

std::int64_t cuda_free_memory(int /*device*/) {
  return 0;
}

std::optional<DeviceFault> device_fault(const std::exception& /*exception*/) {
  return std::nullopt;
}

std::string cuda_problem() {
  return "this build has no CUDA backend";
}

std::unique_ptr<Backend> make_cuda_backend(int /*device*/, std::int64_t /*memory_limit*/) {
  throw Error(ErrorKind::Unsupported,
              "this build has no CUDA backend; build it where a CUDA compiler is found, or use "
              "--device cpu");
}

}  // namespace salient
