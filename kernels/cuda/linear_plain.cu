// SPDX-License-Identifier: Apache-2.0
// grid (outputs / warps, tokens); a warp forms one dot product, with the norm's scalar taken along
// in the same pass.

#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/linear_plain.h"
#include "kernels/cuda/tile_read.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kWarps = 8;

__device__ float weight_at(const LinearTarget& target, std::int64_t row, std::int64_t k) {
  if (target.shape.bits == 16) {
    return __half2float(
        static_cast<const __half*>(target.weights)[row * target.shape.in_features + k]);
  }
  return read_weight(target.shape, static_cast<const std::uint8_t*>(target.weights), row, k);
}

__device__ float inverse_rms(const LinearProblem& problem, const float* x) {
  if (problem.norm_weight == nullptr) return 1.0F;
  float squares = 0;
  for (std::int64_t k = threadIdx.x % 32; k < problem.in_features; k += 32) squares += x[k] * x[k];
  squares = warp_sum(squares);
  return rsqrtf(squares / static_cast<float>(problem.in_features) + problem.norm_epsilon);
}

__device__ float dot(const LinearProblem& problem, const LinearTarget& target, const float* x,
                     std::int64_t row) {
  const float scale = inverse_rms(problem, x);
  float sum = 0;
  for (std::int64_t k = threadIdx.x % 32; k < problem.in_features; k += 32) {
    const float norm = problem.norm_weight == nullptr ? 1.0F : problem.norm_weight[k];
    sum += __half2float(saturated_half(x[k] * scale * norm)) * weight_at(target, row, k);
  }
  sum = warp_sum(sum);
  return target.bias == nullptr ? sum : sum + target.bias[row];
}

__global__ void __launch_bounds__(32 * kWarps) plain_kernel(LinearProblem problem, int index) {
  let_successor_start();
  wait_for_predecessor();
  const LinearTarget& target = problem.targets[index];
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= target.shape.out_features) return;
  for (std::int64_t token = blockIdx.y; token < problem.tokens; token += gridDim.y) {
    const float* x = problem.x + token * problem.in_features;
    float value = dot(problem, target, x, row);
    if (problem.epilogue == Epilogue::SiluGate) {
      const float up = dot(problem, problem.targets[1], x, row);
      value = value / (1.0F + __expf(-value)) * up;
    }
    float* output = target.output + token * target.shape.out_features + row;
    if (problem.epilogue == Epilogue::AddResidual) value += *output;
    __syncwarp();
    if (threadIdx.x % 32 == 0) *output = value;
  }
}

}  // namespace

bool plain_linear_supports(const LinearProblem&) {
  return true;
}

void launch_plain_linear(const LinearProblem& problem, cudaStream_t stream) {
  const int matrices = problem.epilogue == Epilogue::SiluGate ? 1 : problem.target_count;
  const auto tokens = static_cast<unsigned>(problem.tokens < 65535 ? problem.tokens : 65535);
  for (int i = 0; i < matrices; ++i) {
    const std::int64_t rows = problem.targets[i].shape.out_features;
    LaunchShape shape = {{static_cast<unsigned>((rows + kWarps - 1) / kWarps), tokens},
                         32 * kWarps};
    if (problem.device.capability >= 90) shape.dependency = Dependency::Programmatic;
    launch("plain linear", shape, stream, plain_kernel, problem, i);
  }
}

}  // namespace salient::kernels::cuda
