// SPDX-License-Identifier: Apache-2.0
#pragma once

// e G eᵀ for every row of an error matrix, on tensor cores. G comes as a correlation matrix C in
// half (correlation.h), the rows of E·D^½ in half with a power of two each; E·C is taken by block
// columns that need only C's lower triangle (half the work), the outer product is summed in float32
// and float64 in a fixed order: the same call gives the same bits.

#include <cstdint>

#include "kernels/cuda/correlation.h"
#include "kernels/cuda/matmul.h"
#include "kernels/cuda/rounding.h"

namespace salient::kernels::cuda {

/// How the products are taken. Half: one product of halves, E·C rounded to half; the sum over the
/// rows of a matrix is within about 3e-5 of float64, one row within 1e-3: enough to choose alpha.
/// Split: E is the CPU's float32 error, E and C are each a half and the half that it lost, three
/// products, float32 all along; one row within about 1e-5. For choices by row and for reports.
enum class Precision { Half, Split };

/// Bytes with which `rows` rows of error (rows of the matrix times candidates) are worked on at
/// once. Fewer bytes mean smaller pieces; 16384 rows keep tensor cores busy, 64 are the least.
std::int64_t loss_workspace_bytes(std::int64_t n, std::int64_t rows,
                                  Precision precision = Precision::Half);

struct LossWorkspace {
  void* data;  ///< device, 256-byte aligned
  std::int64_t bytes;
};

/// row_losses [rows] = e_o G e_oᵀ for error [rows, n] float32.
void quadratic_form(Matmul& matmul, const float* error, std::int64_t rows,
                    const Correlation& correlation, double* row_losses, LossWorkspace workspace,
                    Precision precision = Precision::Half);

/// The losses of rounding for all candidates at once, without a host round trip.
struct CandidateLosses {
  RoundingInput input;  ///< channel_scales [candidates, in_features] or nullptr
  int candidates = 1;
  std::int64_t clip_stride = 0;  ///< elements from one candidate's clip to the next; 0: shared
  double* losses = nullptr;      ///< [candidates] summed over rows; replaced, or added to
  Sum sum = Sum::Replace;
  double* row_losses = nullptr;  ///< [candidates, out_features], or nullptr
  Precision precision = Precision::Half;
};

/// Consumers of one input are added up by calling with Sum::Add.
void candidate_losses(Matmul& matmul, const CandidateLosses& problem,
                      const Correlation& correlation, LossWorkspace workspace);

}  // namespace salient::kernels::cuda
