// SPDX-License-Identifier: Apache-2.0
#pragma once

// Dense matrix products through cuBLAS: out [m, n] (+)= x [m, k] · w [n, k]ᵀ, row-major, summed in
// float32. Half and bfloat16 inputs are exact; float32 inputs are TF32 (10-bit mantissas) or, on
// demand, full float32. One object belongs to one stream and one thread; it owns a cuBLAS handle
// and uses only the workspace it was given, so that its calls can be captured in a graph and give
// the same bits every time. Errors are CudaError.

#include <cstdint>

#include "kernels/cuda/launch.h"
#include "kernels/cuda/number.h"

struct cublasContext;

namespace salient::kernels::cuda {

/// What float32 inputs are rounded to inside the product.
enum class FloatProduct { Tf32, Full };
/// Whether out is replaced or added to.
enum class Sum { Replace, Add };

struct MatrixProduct {
  const void* x;  ///< [m, k], rows `x_stride` elements apart
  const void* w;  ///< [n, k], rows `w_stride` elements apart
  void* out;      ///< [m, n], rows `out_stride` elements apart
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  Number in = Number::F16;
  Number out_number = Number::F32;  ///< Float32, or the number of the inputs
  Sum sum = Sum::Replace;
  FloatProduct float_product = FloatProduct::Tf32;
  std::int64_t x_stride = 0;    ///< 0: k
  std::int64_t w_stride = 0;    ///< 0: k
  std::int64_t out_stride = 0;  ///< 0: n
};

class Matmul {
 public:
  /// What cuBLAS wants on Hopper; smaller ones work with slower kernels.
  static constexpr std::int64_t kWorkspaceBytes = std::int64_t{32} << 20;

  /// `workspace` (device, 256-byte aligned) must outlive the object.
  Matmul(cudaStream_t stream, void* workspace, std::int64_t workspace_bytes);
  ~Matmul();
  Matmul(const Matmul&) = delete;
  Matmul& operator=(const Matmul&) = delete;

  void product(const MatrixProduct& problem);
  /// out [rows, columns] float32, rows `out_stride` apart, += factor · aᵀ b for half matrices
  /// a [depth, rows] and b [depth, columns] whose rows are `stride` apart; `factor` is read on the
  /// device, and `one` points to 1.0F there.
  void add_transposed_product(const std::uint16_t* a, std::int64_t rows, const std::uint16_t* b,
                              std::int64_t columns, std::int64_t depth, std::int64_t stride,
                              const float* factor, const float* one, float* out,
                              std::int64_t out_stride);

  cudaStream_t stream() const { return stream_; }

 private:
  cudaStream_t stream_;
  cublasContext* handle_ = nullptr;
};

}  // namespace salient::kernels::cuda
