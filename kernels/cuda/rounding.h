// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rounding to a grid, the formulas of kernels/cpu/rounding.h in the same float32 operations, so
// that codes, steps, zero points and errors have the CPU's bits. Groups of 32, 64 and 128 columns
// in matrices whose in_features divide by 4 take a fast path; every other shape works.

#include <cstdint>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {

enum class Grid { Asymmetric, Symmetric };

struct RoundingInput {
  const float* weight;  ///< [out_features, in_features]
  std::int64_t out_features;
  std::int64_t in_features;
  const float* channel_scales;  ///< [in_features] or nullptr
  const float* clip;            ///< [out_features, num_groups] max |w·s|, or nullptr
  int bits;                     ///< 2, 3, 4 or 8
  std::int64_t group_size;      ///< at most in_features; the last group may be ragged
  Grid grid;

  constexpr std::int64_t num_groups() const { return (in_features + group_size - 1) / group_size; }
};

struct RoundingOutput {
  std::uint8_t* codes;        ///< [out_features, in_features]
  std::uint16_t* steps;       ///< [out_features, num_groups] float16 bits
  std::uint8_t* zero_points;  ///< [out_features, num_groups]
};

/// error [out_features, in_features] = Q(weight·diag(s))·diag(s)⁻¹ − weight.
void rounding_error(const RoundingInput& input, float* error, cudaStream_t stream);
/// The same for several candidates, error [candidates, out_features, in_features]. channel_scales
/// and clip hold one array for each where they are not null: [candidates, in_features] and,
/// `clip_stride` elements apart, [candidates, out_features, num_groups].
void rounding_errors(const RoundingInput& input, int candidates, std::int64_t clip_stride,
                     float* error, cudaStream_t stream);
void round_codes(const RoundingInput& input, const RoundingOutput& output, cudaStream_t stream);

/// Errors for tensor cores: row r of candidate c is half(E · diag(root) / row_factor) in row
/// c·out_features + r, where row_factor is a power of two that keeps the largest magnitude below
/// 2^-headroom. Columns from in_features to `stride` are zero.
struct ScaledErrors {
  const float* root;     ///< [in_features], a weight of each column: sqrt(G_jj)
  std::uint16_t* error;  ///< [candidates·out_features, stride] half
  float* row_factor;     ///< [candidates·out_features]
  std::int64_t stride;   ///< a multiple of 8, at least in_features
  int headroom = 0;
};

/// Candidates as in rounding_errors.
void scaled_rounding_errors(const RoundingInput& input, int candidates, std::int64_t clip_stride,
                            const ScaledErrors& output, cudaStream_t stream);

}  // namespace salient::kernels::cuda
