// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

CudaError::CudaError(cudaError_t code, const std::string& what)
    : std::runtime_error(what + ": " + cudaGetErrorString(code)), code_(code) {}

bool CudaError::sticky() const {
  switch (code_) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorAssert:
    case cudaErrorDevicesUnavailable:
    case cudaErrorContained:
    case cudaErrorUnknown:
      return true;
    default:
      return false;
  }
}

void check(cudaError_t code, const char* what) {
  if (code == cudaSuccess) return;
  // A failed launch is also kept as the thread's last error; the next call must not see it again.
  static_cast<void>(cudaGetLastError());
  throw CudaError(code, what);
}

}  // namespace salient::kernels::cuda
