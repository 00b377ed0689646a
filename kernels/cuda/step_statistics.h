// SPDX-License-Identifier: Apache-2.0
#pragma once

// The sums behind the statistics of Δ′/Δ (engine/quantization/step_statistics.cpp) without a weight
// leaving the device. Steps are float64 as there: ratios, the changed count, the median and the
// integer histograms are the CPU's own, but for a weight whose log2 falls within an ulp of a bin's
// edge; sums differ by their order, about 1e-15 of themselves.

#include <cstdint>

#include "kernels/cuda/rounding.h"

namespace salient::kernels::cuda {

struct StepProblem {
  const float* weight;  ///< [out_features, in_features]
  std::int64_t out_features;
  std::int64_t in_features;
  /// [in_features] s divided by its median, then per channel lround(log2(s) · fine_per_octave) and
  /// whether the channel is salient (1) or not (0).
  const double* scales;
  const std::int32_t* fine_scales;
  const std::uint8_t* salient;
  int bits;
  std::int64_t group_size;
  Grid grid;
  int fine_bins;           ///< a histogram's length, centred on a ratio of 1
  double fine_per_octave;  ///< bins per octave

  constexpr std::int64_t num_groups() const { return (in_features + group_size - 1) / group_size; }
};

/// Device memory of the caller; every element is written.
struct StepSums {
  double* ratio_sums;     ///< [num_groups] sum of Δ′/Δ over rows
  std::int64_t* changed;  ///< [1] groups with Δ′ ≠ Δ
  double* median;         ///< [1] the element size/2 of all ratios in order
  std::int64_t* salient;  ///< [fine_bins] counts of lround(log2(Δ′/(Δ·s)) · fine_per_octave)
  std::int64_t* other;    ///< [fine_bins], clamped to the ends; the middle bin is a ratio of 1
};

std::int64_t step_sums_workspace_bytes(std::int64_t out_features, std::int64_t in_features,
                                       std::int64_t group_size);
void step_sums(const StepProblem& problem, const StepSums& sums, void* workspace,
               cudaStream_t stream);

}  // namespace salient::kernels::cuda
