// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel of kernels/cuda/stream_plan.h. Weights are requested first, then the launch before
// this one is waited for, then x is staged; reads are the weights once, and x once per block.

#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/stage_row.cuh"
#include "kernels/cuda/tile_product.cuh"
#include "kernels/cuda/weight_ring.cuh"

namespace salient::kernels::cuda {

/// One thread's output of a pass.
struct PassOutput {
  const StreamMatrix* matrix = nullptr;
  int local_item;  ///< within the pass
  int row;         ///< within the item
  int out_row;
  int token;
  float bias = 0;
  float residual = 0;
  bool wanted = false;

  /// Reads bias and residual, long before they are needed.
  __device__ __forceinline__ void open(const StreamPlan& plan, int pass_begin, int pass_end) {
    const int thread = static_cast<int>(threadIdx.x);
    const int per_item = TiledShape::kRows * plan.token_columns;
    local_item = thread / per_item;
    row = thread % TiledShape::kRows;
    token = thread % per_item / TiledShape::kRows;
    if (pass_begin + local_item >= pass_end || token >= plan.tokens) return;
    const ItemPlace place = place_of(plan, pass_begin + local_item);
    matrix = &plan.matrices[place.matrix];
    out_row = place.row_block * TiledShape::kRows + row;
    wanted = out_row < matrix->out_features;
    if (!wanted || plan.partial != nullptr) return;
    if (matrix->bias != nullptr) bias = matrix->bias[out_row];
    if (plan.epilogue == Epilogue::AddResidual) residual = __ldcg(output());
  }
  __device__ __forceinline__ float* output() const {
    return matrix->output + static_cast<std::int64_t>(token) * matrix->out_features + out_row;
  }
};

/// Partial sums of a pass in shared memory, [item][warp][token][row].
struct PassSums {
  float* sums;
  int token_columns;

  __device__ __forceinline__ float* of_warp(int local_item, int warp) const {
    return sums + (local_item * StreamPlan::kWarps + warp) * token_columns * TiledShape::kRows;
  }
  __device__ __forceinline__ void clear(int items) const {
    const int warp = static_cast<int>(threadIdx.x / 32);
    for (int item = 0; item < items; ++item) {
      float* mine = of_warp(item, warp);
      for (int i = threadIdx.x % 32; i < token_columns * TiledShape::kRows; i += 32) mine[i] = 0;
    }
    __syncwarp();
  }
  template <int TokenTiles>
  __device__ __forceinline__ void put(int local_item, const float (&total)[TokenTiles][4]) const {
    float* mine = of_warp(local_item, static_cast<int>(threadIdx.x / 32));
    const int g = static_cast<int>(threadIdx.x % 32 / 4);
    const int t = static_cast<int>(threadIdx.x % 4);
    if (token_columns == 1) {
      // Every column of the product is the one token.
      if (t == 0) mine[g] = total[0][0];
      if (t == 0) mine[g + 8] = total[0][2];
      return;
    }
#pragma unroll
    for (int n = 0; n < TokenTiles; ++n) {
      float* column = mine + (8 * n + 2 * t) * TiledShape::kRows + g;
      column[0] = total[n][0];
      column[TiledShape::kRows] = total[n][1];
      column[8] = total[n][2];
      column[TiledShape::kRows + 8] = total[n][3];
    }
  }
  /// In warp order.
  __device__ __forceinline__ float sum(int local_item, int token, int row) const {
    const float* first = of_warp(local_item, 0) + token * TiledShape::kRows + row;
    float sum = 0;
#pragma unroll
    for (int warp = 0; warp < StreamPlan::kWarps; ++warp) {
      sum += first[warp * token_columns * TiledShape::kRows];
    }
    return sum;
  }
};

__device__ __forceinline__ void finish_output(const StreamPlan& plan, const PassSums& sums,
                                              const PassOutput& out) {
  if (!out.wanted) return;
  const float sum = sums.sum(out.local_item, out.token, out.row);
  if (plan.partial != nullptr) {
    const std::int64_t line = static_cast<std::int64_t>(blockIdx.y) * plan.tokens + out.token;
    plan.partial[line * plan.outputs + out.matrix->first_output + out.out_row] = sum;
    return;
  }
  const float value = sum + out.bias;
  if (plan.epilogue != Epilogue::SiluGate) {
    *out.output() = value + out.residual;
    return;
  }
  if (out.local_item % 2 == 1) return;
  const float* up_bias = plan.matrices[1].bias;
  const float up = sums.sum(out.local_item + 1, out.token, out.row) +
                   (up_bias == nullptr ? 0.0F : up_bias[out.out_row]);
  *out.output() = value / (1.0F + __expf(-value)) * up;
}

/// x of this split into shared memory: normalized here for one token, else prepared before.
__device__ __forceinline__ void stage_activations(const StreamPlan& plan, std::uint8_t* shared,
                                                  int first_column, int columns) {
  if (plan.prepared == nullptr) {
    const RowSource row = {plan.x, plan.norm_weight, plan.norm_epsilon, plan.in_features,
                           plan.columns};
    auto* scratch = reinterpret_cast<float*>(shared + plan.partial_at);
    stage_row<StreamPlan::kThreads>(row, reinterpret_cast<__half*>(shared + plan.x_at), scratch);
    __syncthreads();
    return;
  }
  wait_for_predecessor();
  const int pieces = columns / 8;
  for (int i = static_cast<int>(threadIdx.x); i < pieces * plan.tokens; i += StreamPlan::kThreads) {
    const int token = i / pieces;
    const int piece = i % pieces;
    const auto* source = static_cast<const __half*>(plan.prepared) +
                         static_cast<std::int64_t>(token) * plan.columns + first_column + 8 * piece;
    copy_async(shared_address(shared + plan.x_at + token * plan.x_pitch + 16 * piece), source);
  }
  commit_copies();
  wait_for_copies<0>();
  __syncthreads();
}

template <int Bits, int Spans, int TokenTiles>
__global__ void __launch_bounds__(StreamPlan::kThreads, TokenTiles == 1 ? 2 : 1)
    stream_kernel(const __grid_constant__ StreamPlan plan) {
  constexpr int kStages = stream_stages(Bits, TokenTiles);
  constexpr int kColumns = stream_tile_columns(Bits);
  extern __shared__ __align__(128) std::uint8_t shared[];
  let_successor_start();
  const std::int64_t units = plan.items / plan.unit_items;
  const int begin = static_cast<int>(units * blockIdx.x / gridDim.x) * plan.unit_items;
  const int end = static_cast<int>(units * (blockIdx.x + 1) / gridDim.x) * plan.unit_items;
  const int first_tile = static_cast<int>(blockIdx.y) * plan.split_tiles;
  const int tiles = min(plan.split_tiles, plan.tiles - first_tile);
  WeightRing<Bits, Spans, kStages> ring(plan, shared, {begin, 0}, end, first_tile, tiles);
  stage_activations(plan, shared, first_tile * kColumns, tiles * kColumns);

  const LaneActivations<TokenTiles> x(shared + plan.x_at, plan.x_pitch, plan.tokens);
  const PassSums sums = {reinterpret_cast<float*>(shared + plan.partial_at), plan.token_columns};
  TileCursor cursor = {begin, 0};
  cursor.advance(static_cast<int>(threadIdx.x / 32), tiles);
  for (int pass = begin; pass < end; pass += plan.pass_items) {
    const int pass_end = min(pass + plan.pass_items, end);
    PassOutput out;
    out.open(plan, pass, pass_end);
    sums.clear(pass_end - pass);
    while (cursor.item < pass_end) {
      const int item = cursor.item;
      float total[TokenTiles][4] = {};
      do {
        const std::uint8_t* tile = ring.next();
        if constexpr (Bits == 16) {
          multiply_dense<TokenTiles>(tile, x, cursor.tile * kColumns, total);
        } else {
          multiply_tile<Bits, Spans, TokenTiles>(tile, x, cursor.tile * kColumns, total);
        }
        cursor.advance(StreamPlan::kWarps, tiles);
      } while (cursor.item == item);
      sums.put(item - pass, total);
    }
    __syncthreads();
    finish_output(plan, sums, out);
    if (pass_end < end) __syncthreads();
  }
}

template <int Bits, int Spans, int TokenTiles>
void launch_stream_kernel(const StreamLaunch& plan, cudaStream_t stream) {
  const auto kernel = stream_kernel<Bits, Spans, TokenTiles>;
  check(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, plan.shared_bytes),
      "shared memory of a streaming linear");
  const LaunchShape shape = {
      {static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.splits)},
      StreamPlan::kThreads,
      static_cast<std::size_t>(plan.shared_bytes),
      plan.dependency};
  launch("streaming linear", shape, stream, kernel, plan.plan);
}

template <int Bits, int Spans>
void launch_stream(const StreamLaunch& plan, cudaStream_t stream) {
  if (plan.token_tiles == 1) return launch_stream_kernel<Bits, Spans, 1>(plan, stream);
  launch_stream_kernel<Bits, Spans, 2>(plan, stream);
}

template <int Bits>
void launch_stream(const StreamLaunch& plan, cudaStream_t stream) {
  if (plan.spans == 1) return launch_stream<Bits, 1>(plan, stream);
  if (plan.spans == 2) return launch_stream<Bits, 2>(plan, stream);
  launch_stream<Bits, 4>(plan, stream);
}

}  // namespace salient::kernels::cuda
