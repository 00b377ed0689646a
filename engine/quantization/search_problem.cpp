// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "engine/quantization/fold.h"

namespace salient {

std::string unscaled_because(const ModelConfig& config, const ScaleGroupRow& group) {
  const Architecture& row = *find_architecture(config.model_type);
  if (group.producer == Producer::Value && config.qkv_limit != 0) {
    return "the values are clamped after their projection";
  }
  const bool linear = row.has(LinearRole::Gate) || config.activation == Activation::Relu;
  if (group.producer == Producer::Up && !linear) {
    return "GELU stands between it and the projection before";
  }
  return group.producer == Producer::None ? "it reads the residual itself" : "";
}

Producer producer_of(const ModelConfig& config, const ScaleGroupRow& group) {
  return unscaled_because(config, group).empty() ? group.producer : Producer::None;
}

SearchProblem make_search_problem(Backend& backend, const DecoderShape& shape, const Block& block,
                                  std::int64_t block_index, const ActivationStats& stats,
                                  const ScaleGroupRow& group,
                                  const std::function<LinearSettings(const LinearId&)>& settings) {
  SearchProblem problem;
  problem.input = &stats[group.input];
  problem.producer = producer_of(shape.config, group);
  problem.config = &shape.config;
  problem.producer_peak = producer_peak(backend, block, problem.producer);
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
