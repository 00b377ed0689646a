// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/stream_linear.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "kernels/cuda/linear_stages.h"
#include "kernels/cuda/stream_plan.h"

namespace salient::kernels::cuda {

namespace {

constexpr std::int64_t kMostTokens = 16;

int bits_of(const LinearProblem& problem) {
  return problem.targets[0].shape.bits;
}
int spans_of(const LinearProblem& problem) {
  return bits_of(problem) == 16 ? 1 : problem.targets[0].shape.spans();
}
Tokens tokens_of(const LinearProblem& problem) {
  if (problem.tokens == 1) return Tokens::One;
  return problem.tokens <= 8 ? Tokens::Eight : Tokens::Sixteen;
}

}  // namespace

StreamPlan stream_plan_of(const LinearProblem& problem) {
  StreamPlan plan = {};
  plan.x = problem.x;
  plan.norm_weight = problem.norm_weight;
  plan.norm_epsilon = problem.norm_epsilon;
  if (problem.tokens > 1) {
    plan.prepared = workspace_of(problem).prepared;
    plan.prepared_sums = workspace_of(problem).span_sums;
  }
  plan.tokens = static_cast<int>(problem.tokens);
  plan.token_slots = token_slots(tokens_of(problem));
  plan.in_features = static_cast<int>(problem.in_features);
  plan.columns = static_cast<int>(padded_columns(problem.in_features));
  plan.tiles = plan.columns / stream_tile_columns(bits_of(problem));
  plan.outputs = static_cast<int>(outputs_of(problem));
  plan.matrix_count = problem.target_count;
  plan.epilogue = problem.epilogue;
  plan.unit_items = problem.epilogue == Epilogue::SiluGate ? 2 : 1;
  int output = 0;
  for (int i = 0; i < problem.target_count; ++i) {
    const LinearTarget& target = problem.targets[i];
    plan.matrices[i] = {
        static_cast<const std::uint8_t*>(target.weights), target.bias, target.output,
        static_cast<int>(target.shape.out_features),      plan.items,  output};
    plan.items += static_cast<int>(target.shape.row_blocks());
    output += static_cast<int>(target.shape.out_features);
  }
  return plan;
}

namespace {

/// The plan with `splits` parts of in_features, if it fits shared memory.
std::optional<StreamLaunch> plan_with(const LinearProblem& problem, int splits) {
  StreamLaunch launch = {};
  launch.plan = stream_plan_of(problem);
  launch.splits = splits;
  launch.spans = spans_of(problem);
  launch.tokens = tokens_of(problem);
  launch.dependency = dependency_of(problem);
  StreamPlan& plan = launch.plan;
  plan.split_tiles = (plan.tiles + splits - 1) / splits;
  if (splits > 1 && plan.split_tiles * (splits - 1) >= plan.tiles) return std::nullopt;
  if (splits > 1) plan.partial = workspace_of(problem).partial;
  const int units = plan.items / plan.unit_items;
  launch.blocks = std::max(1, std::min(problem.device.multiprocessors / splits, units));
  plan.block_items = units / launch.blocks * plan.unit_items;
  plan.longer_blocks = units % launch.blocks;
  const int own_items = (units + launch.blocks - 1) / launch.blocks * plan.unit_items;
  const int item_outputs = TiledShape::kRows * plan.token_slots;
  plan.pass_items = std::min(StreamPlan::kThreads / item_outputs, own_items);

  const int bits = bits_of(problem);
  plan.x_at = StreamPlan::kWarps * stream_stages(bits, tokens_of(problem)) *
              stream_tile_bytes(bits, spans_of(problem));
  // 64 bytes more than whole 128-byte lines: tokens g and g + 1 fall into different banks.
  plan.x_pitch = plan.split_tiles * stream_tile_columns(bits) * 2 + 64;
  plan.sums_at = plan.x_at + plan.x_pitch * plan.tokens;
  const int span_sums = plan.columns / TiledShape::kColumns * launch.spans;
  plan.partial_at = plan.sums_at + span_sums * plan.token_slots * 4;
  plan.partial_at = (plan.partial_at + 127) / 128 * 128;
  launch.shared_bytes = plan.partial_at + plan.pass_items * StreamPlan::kWarps * item_outputs * 4;
  if (launch.shared_bytes > problem.device.shared_bytes) return std::nullopt;
  return launch;
}

/// The fewest splits whose x fits: partial sums cost traffic and a launch.
std::optional<StreamLaunch> plan_for(const LinearProblem& problem) {
  const int most = problem.tokens == 1 ? 1 : kMostSplits;
  for (int splits = 1; splits <= most; ++splits) {
    if (auto launch = plan_with(problem, splits)) return launch;
  }
  return std::nullopt;
}

void launch_by_bits(int bits, const StreamLaunch& launch, cudaStream_t stream) {
  switch (bits) {
    case 2:
      return launch_stream_w2(launch, stream);
    case 3:
      return launch_stream_w3(launch, stream);
    case 4:
      return launch_stream_w4(launch, stream);
    case 8:
      return launch_stream_w8(launch, stream);
    default:
      return launch_stream_dense(launch, stream);
  }
}

}  // namespace

bool stream_linear_supports(const LinearProblem& problem) {
  constexpr std::int64_t kMostFeatures = std::numeric_limits<int>::max() / 64;
  if (problem.tokens < 1 || problem.tokens > kMostTokens) return false;
  if (problem.in_features > kMostFeatures || outputs_of(problem) > kMostFeatures) return false;
  if (problem.tokens > 1 && !has_workspace(problem)) return false;
  if (bits_of(problem) == 16 && problem.in_features % 8 != 0) return false;
  return targets_are_alike(problem) && weights_are_aligned(problem) && activations_fit(problem) &&
         plan_for(problem).has_value();
}

void launch_stream_linear(const LinearProblem& problem, cudaStream_t stream) {
  const std::optional<StreamLaunch> launch = plan_for(problem);
  if (problem.tokens > 1) prepare_activations(problem, stream);
  launch_by_bits(bits_of(problem), *launch, stream);
  if (launch->splits > 1) finish_linear(problem, launch->splits, stream);
}

}  // namespace salient::kernels::cuda
