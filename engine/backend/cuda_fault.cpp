// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/device_error.h"
#include "kernels/cuda/launch.h"

namespace salient {

std::optional<DeviceFault> device_fault(const std::exception& exception) {
  const auto* fault = dynamic_cast<const kernels::cuda::CudaError*>(&exception);
  if (fault == nullptr) return std::nullopt;
  const std::string what = fault->what();
  if (fault->sticky()) {
    return DeviceFault{Error(ErrorKind::Resources,
                             "the GPU stopped working for this program (" + what +
                                 "); what is finished is kept: start the program again to use it"),
                       true};
  }
  if (fault->out_of_memory()) {
    return DeviceFault{Error(ErrorKind::Resources, "the GPU's memory ran out (" + what +
                                                       "); close other programs on it, give "
                                                       "--device-memory, or use the CPU")};
  }
  return DeviceFault{Error(ErrorKind::Resources, "the GPU refused its work (" + what +
                                                     "); see salient doctor --device cuda")};
}

}  // namespace salient
