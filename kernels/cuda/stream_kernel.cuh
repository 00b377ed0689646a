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
template <Tokens Count>
struct PassOutput {
  const StreamMatrix* matrix = nullptr;
  int in_pass;  ///< item within the pass
  int row;      ///< within the item
  int out_row;
  int token;
  float bias = 0;
  float residual = 0;
  bool wanted = false;

  /// Reads bias and residual, long before they are needed.
  __device__ __forceinline__ void open(const StreamPlan& plan, const BlockItems& items, int pass,
                                       int pass_items) {
    const int thread = static_cast<int>(threadIdx.x);
    constexpr int kItemOutputs = TiledShape::kRows * token_slots(Count);
    in_pass = thread / kItemOutputs;
    row = thread % TiledShape::kRows;
    token = thread % kItemOutputs / TiledShape::kRows;
    if (in_pass >= pass_items || token >= plan.tokens) return;
    const ItemPlace place = place_of(plan, items, pass + in_pass);
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

/// Partial sums of a pass in shared memory, [item][warp][token slot][row].
template <Tokens Count>
struct PassSums {
  static constexpr int kWarpFloats = token_slots(Count) * TiledShape::kRows;
  float* sums;

  __device__ __forceinline__ float* of_warp(int item, int warp) const {
    return sums + (item * StreamPlan::kWarps + warp) * kWarpFloats;
  }
  __device__ __forceinline__ void put(int item, const RowSums<Count>& total, float unit) const {
    const int g = static_cast<int>(threadIdx.x % 32 / 4);
    const int t = static_cast<int>(threadIdx.x % 4);
    float* mine = of_warp(item, static_cast<int>(threadIdx.x / 32)) + g;
    if constexpr (Count == Tokens::One) {
      if (t == 0) mine[0] = total.values[0][0] * unit;
      if (t == 0) mine[8] = total.values[0][2] * unit;
    } else {
#pragma unroll
      for (int i = 0; i < 4 * token_tiles(Count); ++i) {
        const int slot = i / 4 * 8 + 2 * t + i % 2;
        mine[slot * TiledShape::kRows + i % 4 / 2 * 8] = total.values[i / 4][i % 4] * unit;
      }
    }
  }
  /// In warp order.
  __device__ __forceinline__ float sum(int item, int token, int row) const {
    const float* first = of_warp(item, 0) + token * TiledShape::kRows + row;
    float sum = 0;
#pragma unroll
    for (int warp = 0; warp < StreamPlan::kWarps; ++warp) sum += first[warp * kWarpFloats];
    return sum;
  }
};

template <Tokens Count>
__device__ __forceinline__ void finish_output(const StreamPlan& plan, const PassSums<Count>& sums,
                                              const PassOutput<Count>& out, int pass_items) {
  if (!out.wanted) return;
  const float sum = sums.sum(out.in_pass, out.token, out.row);
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
  if (out.in_pass >= pass_items / 2) return;
  const float* up_bias = plan.matrices[1].bias;
  const int up_item = out.in_pass + pass_items / 2;
  const float up =
      sums.sum(up_item, out.token, out.row) + (up_bias == nullptr ? 0.0F : up_bias[out.out_row]);
  *out.output() = value / (1.0F + __expf(-value)) * up;
}

/// This warp's tiles of `items` items, from `tile` of the first one on; every item gets a sum, 0
/// where the warp has no tile of it. Returns the tile of the item after.
template <int Bits, int Spans, Tokens Count, class Ring>
__device__ __forceinline__ int multiply_pass(Ring& ring, const LaneActivations<Count>& x,
                                             const PassSums<Count>& sums, int tile, int tiles,
                                             int items) {
  constexpr int kColumns = stream_tile_columns(Bits);
  for (int item = 0; item < items; ++item) {
    RowSums<Count> total;
#pragma unroll 1
    for (; tile < tiles; tile += StreamPlan::kWarps) {
      if constexpr (Bits == 16) {
        multiply_dense<Count>(ring.next(), x, tile * kColumns, total);
      } else {
        multiply_tile<Bits, Spans, Count>(ring.next(), x, tile * kColumns, total);
      }
    }
    sums.put(item, total, Bits == 16 ? 1.0F : kCodeUnit);
    tile -= tiles;
  }
  return tile;
}

/// The columns of a split, prepared by an earlier launch, into shared memory.
template <int Spans, Tokens Count>
__device__ __forceinline__ void stage_prepared(const StreamPlan& plan, std::uint8_t* shared,
                                               int first_column, int columns) {
  wait_for_predecessor();
  const int pieces = columns / 8;
  for (int i = static_cast<int>(threadIdx.x); i < pieces * plan.tokens; i += StreamPlan::kThreads) {
    const int token = i / pieces;
    const int piece = i % pieces;
    const auto* source = static_cast<const __half*>(plan.prepared) +
                         static_cast<std::int64_t>(token) * plan.columns + first_column + 8 * piece;
    copy_async(shared + plan.x_at + token * plan.x_pitch + 16 * piece, source, true);
  }
  commit_copies();
  auto* span_sums = reinterpret_cast<float*>(shared + plan.sums_at);
  const int spans = columns / 128 * Spans;
  for (int i = static_cast<int>(threadIdx.x); i < spans * plan.tokens; i += StreamPlan::kThreads) {
    const int token = i / spans;
    const int span = i % spans;
    const float* source = plan.prepared_sums + token * (plan.columns / 32) + first_column / 32;
    float sum = 0;
    for (int part = 0; part < 4 / Spans; ++part) sum += __ldcg(source + span * (4 / Spans) + part);
    span_sums[span * token_slots(Count) + token] = sum;
  }
  wait_for_copies<0>();
}

template <int Bits, int Spans, Tokens Count>
__global__ void __launch_bounds__(StreamPlan::kThreads, Count == Tokens::One ? 2 : 1)
    stream_kernel(const __grid_constant__ StreamPlan plan) {
  constexpr int kColumns = stream_tile_columns(Bits);
  extern __shared__ __align__(128) std::uint8_t shared[];
  let_successor_start();
  const BlockItems items = items_of_block(plan);
  const int first_tile = static_cast<int>(blockIdx.y) * plan.split_tiles;
  const int tiles = min(plan.split_tiles, plan.tiles - first_tile);
  WeightRing<Bits, Spans, stream_stages(Bits, Count)> ring(plan, items, first_tile, tiles, shared);

  auto* span_sums = reinterpret_cast<float*>(shared + plan.sums_at);
  auto* partial = reinterpret_cast<float*>(shared + plan.partial_at);
  if constexpr (Count == Tokens::One) {
    const RowSource row = {plan.x, plan.norm_weight, plan.norm_epsilon, plan.in_features,
                           plan.columns};
    const RowTarget target = {reinterpret_cast<__half*>(shared + plan.x_at), span_sums};
    stage_row<StreamPlan::kThreads, Bits == 16 ? 0 : 128 / Spans>(row, target, partial);
  } else {
    stage_prepared<Spans, Count>(plan, shared, first_tile * kColumns, tiles * kColumns);
  }
  __syncthreads();

  const LaneActivations<Count> x(shared + plan.x_at, plan.x_pitch, plan.tokens, span_sums);
  const PassSums<Count> sums = {partial};
  int tile = static_cast<int>(threadIdx.x / 32);
  for (int pass = 0; pass < items.count; pass += plan.pass_items) {
    const int pass_items = min(plan.pass_items, items.count - pass);
    PassOutput<Count> out;
    out.open(plan, items, pass, pass_items);
    tile = multiply_pass<Bits, Spans, Count>(ring, x, sums, tile, tiles, pass_items);
    __syncthreads();
    finish_output(plan, sums, out, pass_items);
    if (pass + pass_items < items.count) __syncthreads();
  }
}

template <int Bits, int Spans, Tokens Count>
void launch_stream_kernel(const StreamLaunch& plan, cudaStream_t stream) {
  const auto kernel = stream_kernel<Bits, Spans, Count>;
  check(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, plan.shared_bytes),
      "shared memory of a streaming linear");
  // A change of the split between L1 and shared memory empties a multiprocessor first, so that
  // neighbouring launches would not overlap.
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributePreferredSharedMemoryCarveout,
                             cudaSharedmemCarveoutMaxShared),
        "carveout of a streaming linear");
  const LaunchShape shape = {
      {static_cast<unsigned>(plan.blocks), static_cast<unsigned>(plan.splits)},
      StreamPlan::kThreads,
      static_cast<std::size_t>(plan.shared_bytes),
      plan.dependency};
  launch("streaming linear", shape, stream, kernel, plan.plan);
}

template <int Bits, int Spans>
void launch_stream(const StreamLaunch& plan, cudaStream_t stream) {
  switch (plan.tokens) {
    case Tokens::One:
      return launch_stream_kernel<Bits, Spans, Tokens::One>(plan, stream);
    case Tokens::Eight:
      return launch_stream_kernel<Bits, Spans, Tokens::Eight>(plan, stream);
    case Tokens::Sixteen:
      return launch_stream_kernel<Bits, Spans, Tokens::Sixteen>(plan, stream);
  }
}

template <int Bits>
void launch_stream(const StreamLaunch& plan, cudaStream_t stream) {
  if (plan.spans == 1) return launch_stream<Bits, 1>(plan, stream);
  if (plan.spans == 2) return launch_stream<Bits, 2>(plan, stream);
  launch_stream<Bits, 4>(plan, stream);
}

}  // namespace salient::kernels::cuda
