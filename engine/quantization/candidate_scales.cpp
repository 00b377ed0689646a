// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/candidate_scales.h"

#include <algorithm>

namespace salient {
namespace {

constexpr float kLargestHalf = 65504.0F;

/// [in_features] the largest |w| of each column over all consumers.
std::vector<float> column_peaks(Backend& backend, const SearchProblem& problem) {
  std::vector<float> peaks(problem.input->magnitude.size(), 0.0F);
  for (const SearchProblem::Consumer& consumer : problem.consumers) {
    const std::vector<float> own = backend.column_peaks(*consumer.weight);
    for (std::size_t j = 0; j < peaks.size(); ++j) peaks[j] = std::max(peaks[j], own[j]);
  }
  return peaks;
}

}  // namespace

CandidateScales::CandidateScales(Backend& backend, const SearchProblem& problem)
    : config_(*problem.config), by_kv_head_(problem.producer == Producer::Value) {
  magnitude_ = to_producer(problem.input->magnitude);
  for (const float peak : to_producer(column_peaks(backend, problem))) {
    highest_.push_back(peak > 0.0F ? std::max(kLargestHalf / peak, 1.0F) : kLargestHalf);
  }
  lowest_.assign(magnitude_.size(), 0.0F);
  for (std::size_t j = 0; j < problem.producer_peak.size(); ++j) {
    lowest_[j] = std::min(problem.producer_peak[j] / kLargestHalf, 1.0F);
    if (problem.producer_peak[j] == 0.0F) magnitude_[j] = 0.0F;
  }
}

std::vector<float> CandidateScales::to_producer(std::span<const float> per_input) const {
  if (by_kv_head_) return reduce_to_kv_heads(per_input, config_);
  return {per_input.begin(), per_input.end()};
}

std::vector<float> CandidateScales::operator()(double alpha) const {
  std::vector<float> scales = channel_scales_for(magnitude_, alpha);
  for (std::size_t j = 0; j < scales.size(); ++j) {
    scales[j] = std::clamp(scales[j], lowest_[j], highest_[j]);
  }
  return by_kv_head_ ? spread_to_heads(scales, config_) : scales;
}

}  // namespace salient
