// SPDX-License-Identifier: Apache-2.0
#pragma once

// cuBLAS, loaded when the first product needs it: linked in, its hundreds of megabytes would be
// mapped and relocated by every start of a program that mostly runs without a GPU.

#include <cublas_v2.h>

namespace salient::kernels::cuda {

struct CublasLibrary {
  decltype(&cublasCreate_v2) create;
  decltype(&cublasDestroy_v2) destroy;
  decltype(&cublasSetStream_v2) set_stream;
  decltype(&cublasSetWorkspace_v2) set_workspace;
  decltype(&cublasSetPointerMode_v2) set_pointer_mode;
  decltype(&cublasGemmEx) gemm;
  decltype(&cublasGetStatusString) status_string;
};

/// The library, the same for the life of the process. Throws CudaError naming the file that is
/// missing. Any thread.
const CublasLibrary& cublas_library();

}  // namespace salient::kernels::cuda
