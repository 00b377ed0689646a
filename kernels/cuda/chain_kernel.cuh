// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel of kernels/cuda/stage_chain.h, made of the parts of the streaming linear.

#include "kernels/cuda/chain_attention.cuh"
#include "kernels/cuda/chain_ring.cuh"
#include "kernels/cuda/grid_barrier.cuh"
#include "kernels/cuda/rotary.cuh"
#include "kernels/cuda/stream_kernel.cuh"

namespace salient::kernels::cuda {

/// Parts of attention, put together, as half: see store_four.
template <int Span>
__device__ __forceinline__ void stage_parts(const ChainAttention& attention, int parts, int columns,
                                            int head_dim, const RowTarget& target) {
  constexpr int kMost = ChainAttention::kMostParts;
  const int features = attention.heads * head_dim;
  const float4 ones = {1.0F, 1.0F, 1.0F, 1.0F};
#pragma unroll 2
  for (int k = 4 * static_cast<int>(threadIdx.x); k < columns; k += 4 * StreamPlan::kThreads) {
    const int head = k / head_dim;
    float2 tops[kMost];
    float4 sums[kMost];
#pragma unroll
    for (int part = 0; part < kMost; ++part) {
      const bool wanted = part < parts && k < features;
      tops[part] = {-INFINITY, 0};
      sums[part] = {0, 0, 0, 0};
      if (!wanted) continue;
      tops[part] = __ldcg(attention.tops + part * attention.heads + head);
      sums[part] = __ldcg(reinterpret_cast<const float4*>(attention.sums + part * features + k));
    }
    float most = -INFINITY;
#pragma unroll
    for (const float2& top : tops) most = fmaxf(most, top.x);
    float weight = 0;
    float4 x = {0, 0, 0, 0};
#pragma unroll
    for (int part = 0; part < kMost; ++part) {
      const float share = tops[part].x == -INFINITY ? 0.0F : exp2f(tops[part].x - most);
      weight = fmaf(share, tops[part].y, weight);
      x.x = fmaf(share, sums[part].x, x.x);
      x.y = fmaf(share, sums[part].y, x.y);
      x.z = fmaf(share, sums[part].z, x.z);
      x.w = fmaf(share, sums[part].w, x.w);
    }
    store_four<Span>(target, k, x, ones, k < features ? 1.0F / weight : 0.0F);
  }
}

template <int Bits, int Spans, int Slots>
class ChainBlock {
 public:
  using Ring = ChainRing<Bits, Spans, Slots>;

  __device__ ChainBlock(const ChainPlan& plan, std::uint8_t* shared)
      : plan_(plan),
        shared_(shared),
        window_(reinterpret_cast<ChainItem*>(shared + plan.window_at)),
        turns_(reinterpret_cast<float2*>(shared + plan.turns_at)),
        partial_(reinterpret_cast<float*>(shared + plan.partial_at)),
        barrier_(plan.barrier),
        ring_(window_, plan.count, shared) {}

  __device__ __forceinline__ void run() {
    constexpr int kThreads = StreamPlan::kThreads;
    for (int i = static_cast<int>(threadIdx.x); i < kChainWindow * kPieces; i += kThreads) {
      const int stage = min(i / kPieces, plan_.count - 1);
      piece_of(i / kPieces, i % kPieces) = source_of(stage, i % kPieces);
    }
    __syncthreads();
    ring_.see(kChainWindow);
    ring_.fill();
    wait_for_predecessor();
    position_ = plan_.position == nullptr ? 0 : __ldcg(plan_.position);
    make_turns();
    for (int stage = 0; stage < plan_.count; ++stage) {
      // The plan of a stage to come, into the place of this one when all are done with it.
      const int later = stage + kChainWindow;
      const bool fetches = later < plan_.count && threadIdx.x < static_cast<unsigned>(kPieces);
      uint4 piece = {};
      if (fetches) piece = source_of(later, static_cast<int>(threadIdx.x));
      run_stage(window_[stage % kChainWindow], stage);
      if (stage + 1 == plan_.count) break;
      barrier_.arrive();
      if (fetches) piece_of(stage % kChainWindow, static_cast<int>(threadIdx.x)) = piece;
      ring_.fill();
    }
    barrier_.leave();
  }

 private:
  static constexpr int kPieces = sizeof(ChainItem) / 16;

  __device__ __forceinline__ uint4 source_of(int stage, int piece) const {
    return reinterpret_cast<const uint4*>(plan_.items + stage)[piece];
  }
  __device__ __forceinline__ uint4& piece_of(int place, int piece) {
    return reinterpret_cast<uint4*>(window_ + place)[piece];
  }
  /// Cosine and sine of every pair at this position.
  __device__ __forceinline__ void make_turns() {
    const int pair = static_cast<int>(threadIdx.x);
    if (pair >= plan_.head_dim / 2) return;
    const Turn turn(position_, plan_.inverse_frequencies[pair]);
    turns_[pair] = {turn.cosine, turn.sine};
  }

  __device__ __forceinline__ void run_stage(const ChainItem& item, int stage) {
    const auto wait = [&] {
      barrier_.wait();
      ring_.see(stage + kChainWindow);
    };
    if (item.kind == ChainItem::Kind::Linear) return run_linear(item, wait);
    if (plan_.head_dim == 64) {
      return attend<8>(item.attention, position_, turns_, partial_, wait);
    }
    attend<16>(item.attention, position_, turns_, partial_, wait);
  }

  template <class Wait>
  __device__ __forceinline__ void run_linear(const ChainItem& item, const Wait& wait) {
    const StreamPlan& plan = item.linear;
    const BlockItems items = items_of_block(plan);
    if (items.count == 0) return wait();
    stage_x(item, wait);
    __syncthreads();
    const LaneActivations<Tokens::One> x(shared_ + plan_.x_at, 0, 1, span_sums());
    const PassSums<Tokens::One> sums = {partial_};
    int tile = static_cast<int>(threadIdx.x / 32);
    for (int pass = 0; pass < items.count; pass += plan.pass_items) {
      const int pass_items = min(plan.pass_items, items.count - pass);
      PassOutput<Tokens::One> out;
      out.open(plan, items, pass, pass_items);
      tile = multiply_pass<Bits, Spans, Tokens::One>(ring_, x, sums, tile, plan.tiles, pass_items);
      __syncthreads();
      finish_output(plan, sums, out, pass_items);
      if (pass + pass_items < items.count) __syncthreads();
    }
  }

  template <class Wait>
  __device__ __forceinline__ void stage_x(const ChainItem& item, const Wait& wait) {
    constexpr int kSpan = 128 / Spans;
    const StreamPlan& plan = item.linear;
    const RowTarget target = {reinterpret_cast<__half*>(shared_ + plan_.x_at), span_sums()};
    if (item.reads_parts != 0) {
      wait();
      const ChainParts cut(position_, item.attention.most_parts);
      stage_parts<kSpan>(item.attention, cut.parts, plan.columns, plan_.head_dim, target);
      return;
    }
    const RowSource row = {plan.x, plan.norm_weight, plan.norm_epsilon, plan.in_features,
                           plan.columns};
    stage_row<StreamPlan::kThreads, kSpan>(row, target, partial_, wait);
  }
  __device__ __forceinline__ float* span_sums() const {
    return reinterpret_cast<float*>(shared_ + plan_.sums_at);
  }

  const ChainPlan& plan_;
  std::uint8_t* shared_;
  ChainItem* window_;
  float2* turns_;
  float* partial_;
  GridBarrier barrier_;
  Ring ring_;
  int position_ = 0;
};

template <int Bits, int Spans, int Slots>
__global__ void __launch_bounds__(StreamPlan::kThreads, 1)
    chain_kernel(const __grid_constant__ ChainPlan plan) {
  extern __shared__ __align__(128) std::uint8_t shared[];
  ChainBlock<Bits, Spans, Slots>(plan, shared).run();
}

template <int Bits, int Spans>
void launch_chain(const ChainLaunch& chain, cudaStream_t stream) {
  const auto kernel = chain.slots == chain_slots(Bits)
                          ? chain_kernel<Bits, Spans, chain_slots(Bits)>
                          : chain_kernel<Bits, Spans, fewer_chain_slots(Bits)>;
  check(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, chain.shared_bytes),
      "shared memory of a chain of stages");
  const LaunchShape shape = {static_cast<unsigned>(chain.blocks), StreamPlan::kThreads,
                             static_cast<std::size_t>(chain.shared_bytes), Dependency::Cooperative};
  launch("a chain of stages", shape, stream, kernel, chain.plan);
}

template <int Bits>
void launch_chain(const ChainLaunch& chain, cudaStream_t stream) {
  if (chain.spans == 1) return launch_chain<Bits, 1>(chain, stream);
  if (chain.spans == 2) return launch_chain<Bits, 2>(chain, stream);
  launch_chain<Bits, 4>(chain, stream);
}

}  // namespace salient::kernels::cuda
