// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/linear_stages.h"

namespace salient::kernels::cuda {

namespace {

constexpr std::int64_t kSumColumns = 32;

/// Of the half activations; a multiple of 256.
std::int64_t prepared_bytes(std::int64_t tokens, std::int64_t in_features) {
  return tokens * padded_columns(in_features) * 2;
}
std::int64_t span_sum_count(std::int64_t tokens, std::int64_t in_features) {
  return tokens * padded_columns(in_features) / kSumColumns;
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

bool activations_fit(const LinearProblem& problem) {
  const auto x = reinterpret_cast<std::uintptr_t>(problem.x);
  const auto norm = reinterpret_cast<std::uintptr_t>(problem.norm_weight);
  return problem.in_features % 4 == 0 && x % 16 == 0 && norm % 16 == 0;
}

bool weights_are_aligned(const LinearProblem& problem) {
  for (int i = 0; i < problem.target_count; ++i) {
    if (reinterpret_cast<std::uintptr_t>(problem.targets[i].weights) % 16 != 0) return false;
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
  return static_cast<std::size_t>(prepared_bytes(tokens, in_features) +
                                  span_sum_count(tokens, in_features) * 4 + partial);
}

LinearWorkspace workspace_of(const LinearProblem& problem) {
  auto* bytes = static_cast<std::uint8_t*>(problem.workspace);
  void* sums = bytes + prepared_bytes(problem.tokens, problem.in_features);
  auto* span_sums = static_cast<float*>(sums);
  return {bytes, span_sums, span_sums + span_sum_count(problem.tokens, problem.in_features)};
}

bool has_workspace(const LinearProblem& problem) {
  return problem.workspace != nullptr &&
         problem.workspace_bytes >=
             linear_workspace_bytes(problem.tokens, problem.in_features, outputs_of(problem));
}

}  // namespace salient::kernels::cuda
