// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "engine/quantization/fold.h"

namespace salient {

SearchProblem make_search_problem(Backend& backend, const DecoderShape& shape, const Block& block,
                                  std::int64_t block_index, const ActivationStats& stats,
                                  const ScaleGroupRow& group,
                                  const std::function<LinearSettings(const LinearId&)>& settings) {
  SearchProblem problem;
  problem.input = &stats[group.input];
  problem.producer = group.producer;
  problem.config = &shape.config;
  problem.producer_peak = producer_peak(backend, block, group.producer);
  for (const LinearRole role : group.consumers) {
    const auto* linear = std::get_if<DenseLinear>(&block[role]);
    if (linear == nullptr || linear->weight.dtype() != DType::F32) {
      throw std::logic_error("the search needs a dense float32 block");
    }
    const LinearId id{block_index, role};
    problem.consumers.push_back({id, &linear->weight, settings(id)});
  }
  return problem;
}

}  // namespace salient
