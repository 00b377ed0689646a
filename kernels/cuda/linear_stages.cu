// SPDX-License-Identifier: Apache-2.0
// prepare: one block per token. finish: one thread per output, blocks along outputs, y = token.

#include "kernels/cuda/linear_stages.h"
#include "kernels/cuda/stage_row.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kPrepareThreads = 512;
constexpr int kFinishThreads = 128;

__global__ void __launch_bounds__(kPrepareThreads) prepare_kernel(RowSource row, RowTarget target) {
  __shared__ float scratch[kPrepareThreads / 32];
  let_successor_start();
  const std::int64_t token = blockIdx.x;
  row.x += token * row.in_features;
  target.half += token * row.columns;
  target.span_sums += token * row.columns / 32;
  stage_row<kPrepareThreads, 32>(row, target, scratch);
}

struct FinishPlan {
  const float* partial;  ///< [splits, tokens, outputs]
  int splits;
  std::int64_t tokens;
  std::int64_t outputs;
  int target_count;
  Epilogue epilogue;
  LinearTarget targets[LinearProblem::kMostTargets];
};

__device__ float sum_of_splits(const FinishPlan& plan, std::int64_t token, std::int64_t output) {
  float sum = 0;
  for (int split = 0; split < plan.splits; ++split) {
    sum += plan.partial[(split * plan.tokens + token) * plan.outputs + output];
  }
  return sum;
}

__global__ void __launch_bounds__(kFinishThreads)
    finish_kernel(const __grid_constant__ FinishPlan plan) {
  let_successor_start();
  wait_for_predecessor();
  const std::int64_t token = blockIdx.y;
  std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kFinishThreads + threadIdx.x;
  const std::int64_t output = row;
  int index = 0;
  while (index < plan.target_count && row >= plan.targets[index].shape.out_features) {
    row -= plan.targets[index++].shape.out_features;
  }
  if (index == plan.target_count) return;
  const LinearTarget& target = plan.targets[index];
  float value = sum_of_splits(plan, token, output);
  if (target.bias != nullptr) value += target.bias[row];
  float* place = target.output + token * target.shape.out_features + row;
  if (plan.epilogue == Epilogue::SiluGate) {
    if (index == 1) return;
    float up = sum_of_splits(plan, token, output + target.shape.out_features);
    if (plan.targets[1].bias != nullptr) up += plan.targets[1].bias[row];
    value = value / (1.0F + __expf(-value)) * up;
  }
  if (plan.epilogue == Epilogue::AddResidual) value += *place;
  *place = value;
}

}  // namespace

void prepare_activations(const LinearProblem& problem, cudaStream_t stream) {
  const RowSource row = {problem.x, problem.norm_weight, problem.norm_epsilon,
                         static_cast<int>(problem.in_features),
                         static_cast<int>(padded_columns(problem.in_features))};
  const LaunchShape shape = {static_cast<unsigned>(problem.tokens), kPrepareThreads, 0,
                             dependency_of(problem)};
  const LinearWorkspace workspace = workspace_of(problem);
  const RowTarget target = {static_cast<__half*>(workspace.prepared), workspace.span_sums};
  launch("preparing activations", shape, stream, prepare_kernel, row, target);
}

void finish_linear(const LinearProblem& problem, int splits, cudaStream_t stream) {
  FinishPlan plan = {workspace_of(problem).partial,
                     splits,
                     problem.tokens,
                     outputs_of(problem),
                     problem.target_count,
                     problem.epilogue,
                     {}};
  for (int i = 0; i < problem.target_count; ++i) plan.targets[i] = problem.targets[i];
  const std::int64_t blocks = (plan.outputs + kFinishThreads - 1) / kFinishThreads;
  const LaunchShape shape = {{static_cast<unsigned>(blocks), static_cast<unsigned>(problem.tokens)},
                             kFinishThreads,
                             0,
                             dependency_of(problem)};
  launch("finishing a linear", shape, stream, finish_kernel, plan);
}

}  // namespace salient::kernels::cuda
