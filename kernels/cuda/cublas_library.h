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
  /// Spelled out: the header overloads cublasGemmEx.
  cublasStatus_t (*gemm)(cublasHandle_t, cublasOperation_t, cublasOperation_t, int m, int n, int k,
                         const void* alpha, const void* a, cudaDataType_t a_type, int lda,
                         const void* b, cudaDataType_t b_type, int ldb, const void* beta, void* c,
                         cudaDataType_t c_type, int ldc, cublasComputeType_t compute,
                         cublasGemmAlgo_t algorithm);
  decltype(&cublasGetStatusString) status_string;
};

/// The library, the same for the life of the process. Throws CudaError naming the file that is
/// missing. Any thread.
const CublasLibrary& cublas_library();

}  // namespace salient::kernels::cuda
