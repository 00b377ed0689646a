// SPDX-License-Identifier: Apache-2.0
#pragma once

// The channel scales that a scale group may take: α to s, in the channels of the producer (under
// grouped-query attention one per KV head channel), held inside the range of float16 for both the
// consumers' columns and what the producer is divided into.

#include <vector>

#include "engine/quantization/quantization.h"

namespace salient {

class CandidateScales {
 public:
  CandidateScales(Backend& backend, const SearchProblem& problem);
  /// [in_features] as consumers see it; all ones for α = 0.
  std::vector<float> operator()(double alpha) const;

 private:
  std::vector<float> to_producer(std::span<const float> per_input) const;

  const ModelConfig& config_;
  bool by_kv_head_;
  std::vector<float> magnitude_;  ///< [producer channels], 0 where s has to stay 1
  std::vector<float> lowest_;     ///< [producer channels] at most 1
  std::vector<float> highest_;    ///< [producer channels] at least 1
};

}  // namespace salient
