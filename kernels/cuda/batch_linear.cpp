// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/batch_linear.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "kernels/cuda/batch_plan.h"
#include "kernels/cuda/linear_stages.h"

namespace salient::kernels::cuda {

namespace {

constexpr std::int64_t kMostTokens = 128;

BatchPlan plan_of(const LinearProblem& problem) {
  const TiledShape& shape = problem.targets[0].shape;
  BatchPlan plan = {};
  plan.prepared = workspace_of(problem).prepared;
  plan.tokens = static_cast<int>(problem.tokens);
  plan.columns = static_cast<int>(padded_columns(problem.in_features));
  plan.tiles = static_cast<int>(shape.tiles());
  plan.tile_bytes = shape.tile_bytes();
  plan.spans = shape.spans();
  plan.matrix_count = problem.target_count;
  plan.epilogue = problem.epilogue;
  for (int i = 0; i < problem.target_count; ++i) {
    const LinearTarget& target = problem.targets[i];
    BatchMatrix& matrix = plan.matrices[i];
    matrix.weights = static_cast<const std::uint8_t*>(target.weights);
    matrix.bias = target.bias;
    matrix.output = target.output;
    matrix.out_features = static_cast<int>(target.shape.out_features);
    matrix.first_item = plan.items;
    matrix.first_output = plan.outputs;
    plan.items += static_cast<int>(target.shape.row_blocks());
    plan.outputs += matrix.out_features;
  }
  return plan;
}

/// Microseconds on an H200, roughly: 1 per tile of a block, 2 per launch, partial sums at 3 TB/s.
double cost_of(const BatchPlan& plan, int blocks, int splits, int multiprocessors) {
  const int waves = (blocks * splits + multiprocessors - 1) / multiprocessors;
  const int split_tiles = (plan.tiles + splits - 1) / splits;
  const double sums = 8.0 * splits * plan.tokens * plan.outputs / 3e6;
  return waves * (split_tiles + 2.0) + (splits > 1 ? 2.0 + sums : 0.0);
}

int best_splits(const BatchPlan& plan, int blocks, int multiprocessors) {
  int best = 1;
  for (int splits = 2; splits <= std::min(kMostSplits, plan.tiles); ++splits) {
    if ((plan.tiles + splits - 1) / splits * (splits - 1) >= plan.tiles) continue;
    if (cost_of(plan, blocks, splits, multiprocessors) <
        cost_of(plan, blocks, best, multiprocessors)) {
      best = splits;
    }
  }
  return best;
}

std::optional<BatchLaunch> launch_of(const LinearProblem& problem) {
  constexpr int kMostStages = 4;
  BatchLaunch launch = {};
  launch.plan = plan_of(problem);
  launch.token_warps = problem.tokens <= 64 ? 1 : 2;
  launch.token_tiles = problem.tokens <= 16 ? 2 : (problem.tokens <= 32 ? 4 : 8);
  launch.dependency = dependency_of(problem);
  BatchPlan& plan = launch.plan;
  const int items = batch_items(launch.token_warps);
  plan.stage_bytes = items * plan.tile_bytes +
                     launch.token_warps * launch.token_tiles * 8 * BatchPlan::kTokenPitch;
  plan.stages = std::min(kMostStages, problem.device.shared_bytes / plan.stage_bytes);
  if (plan.stages < 2) return std::nullopt;
  launch.shared_bytes = plan.stages * plan.stage_bytes;
  launch.blocks = (plan.items + items - 1) / items;
  launch.splits = best_splits(plan, launch.blocks, problem.device.multiprocessors);
  plan.split_tiles = (plan.tiles + launch.splits - 1) / launch.splits;
  // Gate and up meet in the launch that adds the partial sums.
  if (launch.splits > 1 || problem.epilogue == Epilogue::SiluGate) {
    plan.partial = workspace_of(problem).partial;
  }
  return launch;
}

}  // namespace

bool batch_linear_supports(const LinearProblem& problem) {
  constexpr std::int64_t kMostFeatures = std::numeric_limits<int>::max() / 256;
  if (problem.tokens < 2 || problem.tokens > kMostTokens) return false;
  if (problem.targets[0].shape.bits == 16) return false;
  if (problem.in_features > kMostFeatures || outputs_of(problem) > kMostFeatures) return false;
  if (!has_workspace(problem) || !activations_fit(problem)) return false;
  return targets_are_alike(problem) && weights_are_aligned(problem) &&
         launch_of(problem).has_value();
}

void launch_batch_linear(const LinearProblem& problem, cudaStream_t stream) {
  const std::optional<BatchLaunch> launch = launch_of(problem);
  prepare_activations(problem, stream);
  launch_batch_kernel(problem.targets[0].shape.bits, *launch, stream);
  if (launch->plan.partial != nullptr) finish_linear(problem, launch->splits, stream);
}

}  // namespace salient::kernels::cuda
