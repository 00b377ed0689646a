// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/matmul.h"

#include <stdexcept>
#include <string>

#include "kernels/cuda/cublas_library.h"

namespace salient::kernels::cuda {
namespace {

void check_cublas(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  // cuBLAS hides the CUDA error under its own; the runtime still knows a sticky one.
  const cudaError_t cause = cudaGetLastError();
  const cudaError_t code = status == CUBLAS_STATUS_ALLOC_FAILED ? cudaErrorMemoryAllocation
                           : cause != cudaSuccess               ? cause
                                                                : cudaErrorUnknown;
  throw CudaError(code, std::string(what) + " (" + cublas_library().status_string(status) + ")");
}

cudaDataType_t data_type(Number number) {
  switch (number) {
    case Number::F16:
      return CUDA_R_16F;
    case Number::BF16:
      return CUDA_R_16BF;
    case Number::F32:
      return CUDA_R_32F;
  }
  throw std::logic_error("matmul: unknown number");
}

cublasComputeType_t compute_type(const MatrixProduct& problem) {
  if (problem.in != Number::F32) return CUBLAS_COMPUTE_32F;
  return problem.float_product == FloatProduct::Tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                     : CUBLAS_COMPUTE_32F_PEDANTIC;
}

int narrow(std::int64_t size) {
  if (size < 0 || size > 0x7FFFFFFF) {
    throw std::logic_error("matmul: size " + std::to_string(size) + " is out of range");
  }
  return static_cast<int>(size);
}

}  // namespace

Matmul::Matmul(cudaStream_t stream, void* workspace, std::int64_t workspace_bytes)
    : stream_(stream) {
  check_cublas(cublas_library().create(&handle_), "cublasCreate");
  try {
    check_cublas(cublas_library().set_stream(handle_, stream), "cublasSetStream");
    check_cublas(cublas_library().set_workspace(handle_, workspace,
                                                static_cast<std::size_t>(workspace_bytes)),
                 "cublasSetWorkspace");
  } catch (...) {
    cublas_library().destroy(handle_);
    throw;
  }
}

Matmul::~Matmul() {
  cublas_library().destroy(handle_);
}

void Matmul::product(const MatrixProduct& problem) {
  if (problem.m == 0 || problem.n == 0) return;
  const float one = 1.0F;
  const float beta = problem.sum == Sum::Add ? 1.0F : 0.0F;
  const std::int64_t x_stride = problem.x_stride == 0 ? problem.k : problem.x_stride;
  const std::int64_t w_stride = problem.w_stride == 0 ? problem.k : problem.w_stride;
  const std::int64_t out_stride = problem.out_stride == 0 ? problem.n : problem.out_stride;
  check_cublas(cublas_library().set_pointer_mode(handle_, CUBLAS_POINTER_MODE_HOST),
               "cublasSetPointerMode");
  // cuBLAS counts columns first: its out is ours transposed, w · xᵀ.
  check_cublas(
      cublas_library().gemm(handle_, CUBLAS_OP_T, CUBLAS_OP_N, narrow(problem.n), narrow(problem.m),
                            narrow(problem.k), &one, problem.w, data_type(problem.in),
                            narrow(w_stride), problem.x, data_type(problem.in), narrow(x_stride),
                            &beta, problem.out, data_type(problem.out_number), narrow(out_stride),
                            compute_type(problem), CUBLAS_GEMM_DEFAULT),
      "matrix product");
}

void Matmul::add_transposed_product(const std::uint16_t* a, std::int64_t rows,
                                    const std::uint16_t* b, std::int64_t columns,
                                    std::int64_t depth, std::int64_t stride, const float* factor,
                                    const float* one, float* out, std::int64_t out_stride) {
  check_cublas(cublas_library().set_pointer_mode(handle_, CUBLAS_POINTER_MODE_DEVICE),
               "cublasSetPointerMode");
  check_cublas(cublas_library().gemm(
                   handle_, CUBLAS_OP_N, CUBLAS_OP_T, narrow(columns), narrow(rows), narrow(depth),
                   factor, b, CUDA_R_16F, narrow(stride), a, CUDA_R_16F, narrow(stride), one, out,
                   CUDA_R_32F, narrow(out_stride), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
               "transposed matrix product");
}

}  // namespace salient::kernels::cuda
