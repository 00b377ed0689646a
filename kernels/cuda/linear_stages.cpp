// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/linear_stages.h"

namespace salient::kernels::cuda {

namespace {

std::int64_t prepared_bytes(std::int64_t tokens, std::int64_t in_features) {
  return (tokens * padded_columns(in_features) * 2 + 255) / 256 * 256;
}

}  // namespace

std::int64_t padded_columns(std::int64_t in_features) {
  return (in_features + TiledShape::kColumns - 1) / TiledShape::kColumns * TiledShape::kColumns;
}

std::int64_t outputs_of(const LinearProblem& problem) {
  std::int64_t outputs = 0;
  for (int i = 0; i < problem.target_count; ++i) outputs += problem.targets[i].shape.out_features;
  return outputs;
}

bool targets_are_alike(const LinearProblem& problem) {
  const TiledShape& first = problem.targets[0].shape;
  for (int i = 1; i < problem.target_count; ++i) {
    const TiledShape& shape = problem.targets[i].shape;
    if (shape.bits != first.bits || shape.span() != first.span()) return false;
  }
  return true;
}

Dependency dependency_of(const LinearProblem& problem) {
  return problem.device.capability >= 90 ? Dependency::Programmatic : Dependency::Full;
}

std::size_t linear_workspace_bytes(std::int64_t tokens, std::int64_t in_features,
                                   std::int64_t out_features_of_all_targets) {
  if (tokens <= 1) return 0;
  const std::int64_t partial = kMostSplits * tokens * out_features_of_all_targets * 4;
  return static_cast<std::size_t>(prepared_bytes(tokens, in_features) + partial);
}

LinearWorkspace workspace_of(const LinearProblem& problem) {
  auto* bytes = static_cast<std::uint8_t*>(problem.workspace);
  void* partial = bytes + prepared_bytes(problem.tokens, problem.in_features);
  return {bytes, static_cast<float*>(partial)};
}

bool has_workspace(const LinearProblem& problem) {
  return problem.workspace != nullptr &&
         problem.workspace_bytes >=
             linear_workspace_bytes(problem.tokens, problem.in_features, outputs_of(problem));
}

}  // namespace salient::kernels::cuda
