// SPDX-License-Identifier: Apache-2.0
#pragma once

// e G eᵀ for every row of an error matrix, on tensor cores. With D = diag(G), the correlation
// matrix C = D^-½ G D^-½ is stored in half once per Gram matrix, the rows of E·D^½ in half with a
// factor each; E·C is taken by block columns that need only C's lower triangle (half the work), the
// outer product is summed in float32 and float64 in a fixed order. A loss summed over rows is
// within about 3e-5 of float64, close enough for every choice of alpha measured so far.
// C does not change when the input is folded by s: G' = diag(s)⁻¹ G diag(s)⁻¹ has the same C, and
// D'^½ = D^½ / s (`divide` in fold.h).

#include <cstdint>

#include "kernels/cuda/matmul.h"
#include "kernels/cuda/rounding.h"

namespace salient::kernels::cuda {

/// A Gram matrix as the search needs it. Device memory of the caller.
struct Correlation {
  std::uint16_t* matrix;  ///< correlation_bytes(n) bytes, 256-byte aligned
  float* root;            ///< [n] sqrt(G_jj)
  std::int64_t n;
};

std::int64_t correlation_bytes(std::int64_t n);

/// Fills `correlation` from the lower triangle of gram [n, n]. A channel that is always zero has no
/// correlation and weighs nothing.
void prepare_correlation(const float* gram, const Correlation& correlation, cudaStream_t stream);

/// Bytes with which `rows` rows of error (rows of the matrix times candidates) are worked on at
/// once. Fewer bytes mean smaller pieces; 16384 rows keep tensor cores busy, 64 are the least.
std::int64_t loss_workspace_bytes(std::int64_t n, std::int64_t rows);

struct LossWorkspace {
  void* data;  ///< device, 256-byte aligned
  std::int64_t bytes;
};

/// row_losses [rows] = e_o G e_oᵀ for error [rows, n] float32.
void quadratic_form(Matmul& matmul, const float* error, std::int64_t rows,
                    const Correlation& correlation, double* row_losses, LossWorkspace workspace);

/// The losses of rounding for all candidates at once, without a host round trip.
struct CandidateLosses {
  RoundingInput input;  ///< channel_scales [candidates, in_features] or nullptr
  int candidates = 1;
  std::int64_t clip_stride = 0;  ///< elements from one candidate's clip to the next; 0: shared
  double* losses = nullptr;      ///< [candidates] summed over rows; replaced, or added to
  Sum sum = Sum::Replace;
  double* row_losses = nullptr;  ///< [candidates, out_features], or nullptr
};

/// Consumers of one input are added up by calling with Sum::Add.
void candidate_losses(Matmul& matmul, const CandidateLosses& problem,
                      const Correlation& correlation, LossWorkspace workspace);

}  // namespace salient::kernels::cuda
