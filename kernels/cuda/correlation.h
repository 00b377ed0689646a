// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Gram matrix as the losses of quadratic_form.h take it: C = D^-½ G D^-½ in half, laid out for
// products by block columns that need only one triangle. C does not change when the input is folded
// by s: G' = diag(s)⁻¹ G diag(s)⁻¹ has the same C, and D'^½ = D^½ / s (`divide` in fold.h).

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

/// Columns of C per product: narrower saves more of the upper triangle, wider fills the card.
inline constexpr std::int64_t kCorrelationPanel = 1024;

/// Columns and rows in memory: padded with zeros so that tensor cores get whole tiles.
constexpr std::int64_t correlation_stride(std::int64_t n) {
  return (n + 63) / 64 * 64;
}
/// Of `matrix`, and of `rest`.
constexpr std::int64_t correlation_bytes(std::int64_t n) {
  return correlation_stride(n) * correlation_stride(n) * 2;
}

/// Device memory of the caller.
struct Correlation {
  std::uint16_t* matrix;  ///< correlation_bytes(n), 256-byte aligned
  float* root;            ///< [n] sqrt(G_jj)
  std::int64_t n;
  /// What half loses of C, as `matrix`: Precision::Split needs it; or nullptr.
  std::uint16_t* rest = nullptr;
};

/// Fills `correlation` from the lower triangle of gram [n, n]. A channel that is always zero has no
/// correlation and weighs nothing.
void prepare_correlation(const float* gram, const Correlation& correlation, cudaStream_t stream);

}  // namespace salient::kernels::cuda
