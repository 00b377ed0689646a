// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rounding to a grid, one group of weights at a time, as llm-awq does it:
//   asymmetric  step = max(max - min, 1e-5) / (2^bits - 1), zero = clamp(-round(min / step))
//   symmetric   step = max(max |w|, 1e-5) / (2^(bits-1) - 1), zero = 2^(bits-1)
//   code = clamp(round(w / step) + zero, 0, 2^bits - 1), halves to even
// The step is rounded to float16 before it is used (finite and above zero), so that the numbers
// here are those a reader of the exported file gets. w is weight · channel_scales, clipped.

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

enum class Grid { Asymmetric, Symmetric };

struct RoundingInput {
  const float* weight;  ///< [out_features, in_features]
  std::int64_t out_features;
  std::int64_t in_features;
  const float* channel_scales;  ///< [in_features] or nullptr
  const float* inverse_scales;  ///< [in_features] 1 / channel_scales, or nullptr
  const float* clip;            ///< [out_features, num_groups] max |w|, or nullptr
  int bits;
  std::int64_t group_size;  ///< at most in_features; the last group may be ragged
  Grid grid;

  std::int64_t num_groups() const { return (in_features + group_size - 1) / group_size; }
};

struct RoundingOutput {
  std::uint8_t* codes;        ///< [out_features, in_features]
  std::uint16_t* steps;       ///< [out_features, num_groups] float16 bits
  std::uint8_t* zero_points;  ///< [out_features, num_groups]
};

/// error [out_features, in_features] = Q(weight·diag(s))·diag(s)⁻¹ − weight. `inverse_scales` is
/// filled in by the call.
void rounding_error(const Cpu& cpu, RoundingInput input, float* error);
void round_codes(const Cpu& cpu, const RoundingInput& input, const RoundingOutput& output);

}  // namespace salient::kernels::cpu
