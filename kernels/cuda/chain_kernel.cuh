// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel of kernels/cuda/stage_chain.h, made of the parts of the streaming linear.

#include "kernels/cuda/chain_attention.cuh"
#include "kernels/cuda/chain_product.cuh"
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

/// A warpgroup keeps or wants so many registers a thread (sm_90a).
template <int Registers>
__device__ __forceinline__ void give_registers() {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Registers));
#endif
}
template <int Registers>
__device__ __forceinline__ void take_registers() {
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Registers));
#endif
}

/// One head_dim each: code for another would cost registers.
template <int Bits, int Spans, int kHeadDim>
class ChainBlock {
 public:
  using Ring = ChainRing<Bits, Spans>;
  static constexpr int kThreads = StreamPlan::kThreads;

  __device__ ChainBlock(const ChainPlan& plan, std::uint8_t* shared)
      : plan_(plan),
        shared_(shared),
        window_(reinterpret_cast<ChainItem*>(shared + plan.window_at)),
        turns_(reinterpret_cast<float2*>(shared + plan.turns_at)),
        partial_(reinterpret_cast<float*>(shared + plan.partial_at)),
        barrier_(plan.barrier),
        ring_(plan, shared) {}

  __device__ __forceinline__ void run() {
    if (threadIdx.x == kThreads) ring_.start(plan_.slots);
    __syncthreads();
    if (threadIdx.x >= kThreads) {
      give_registers<24>();
      if (threadIdx.x == kThreads) ring_.feed(plan_);
    } else {
      take_registers<112>();
      work();
    }
  }

 private:
  __device__ __forceinline__ void work() {
    for (int i = static_cast<int>(threadIdx.x); i < kChainWindow * kPieces; i += kThreads) {
      const int stage = min(i / kPieces, plan_.count - 1);
      piece_of(i / kPieces, i % kPieces) = source_of(stage, i % kPieces);
    }
    wait_for_predecessor();
    position_ = plan_.position == nullptr ? 0 : __ldcg(plan_.position);
    make_turns();
    sync_threads<kThreads>();
    for (int stage = 0; stage < plan_.count; ++stage) {
      stamp(stage, 0);
      run_stage(window_[stage % kChainWindow], stage);
      if (stage + 1 == plan_.count) break;
      barrier_.arrive();
      // The plan of a stage to come, into the place of this one, which all are done with.
      const int later = stage + kChainWindow;
      if (later < plan_.count && threadIdx.x < static_cast<unsigned>(kPieces)) {
        const int piece = static_cast<int>(threadIdx.x);
        piece_of(stage % kChainWindow, piece) = source_of(later, piece);
      }
    }
    barrier_.leave();
  }

  static constexpr int kPieces = sizeof(ChainItem) / 16;

  __device__ __forceinline__ void stamp(int stage, int what) const {
    if (plan_.stamps == nullptr || threadIdx.x != 0) return;
    const int line = static_cast<int>(blockIdx.x) * plan_.count + stage;
    plan_.stamps[line * kChainStamps + what] = clock64();
  }
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
      stamp(stage, 1);
    };
    if (item.kind == ChainItem::Kind::Linear) return run_linear(item, stage, wait);
    attend<kHeadDim / 8>(item.attention, position_, turns_, partial_, barrier_);
  }

  template <class Wait>
  __device__ __forceinline__ void run_linear(const ChainItem& item, int stage, const Wait& wait) {
    const StreamPlan& plan = item.linear;
    const BlockItems items = items_of_block(plan);
    if (items.count == 0) return wait();
    stage_x(item, wait);
    PassOutput<Tokens::One> out;
    out.open(plan, items, 0, items.count);
    sync_threads<kThreads>();
    stamp(stage, 2);
    const PassSums<Tokens::One> sums = {partial_};
    ring_.go_to(multiply_items<Bits, Spans>(
        ring_, {shared_ + plan_.x_at, span_sums(), partial_, plan.tiles, items.count}));
    sync_threads<kThreads>();
    stamp(stage, 3);
    finish_output(plan, sums, out, items.count);
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
    stage_row<kThreads, kSpan>(row, target, partial_, wait);
  }
  __device__ __forceinline__ float* span_sums() const {
    return reinterpret_cast<float*>(shared_ + plan_.sums_at);
  }

  const ChainPlan& plan_;
  std::uint8_t* shared_;
  ChainItem* window_;
  float2* turns_;
  float* partial_;
  GridBarrier<kThreads> barrier_;
  Ring ring_;
  int position_ = 0;
};

template <int Bits, int Spans, int kHeadDim>
__global__ void __launch_bounds__(kChainThreads, 1)
    chain_kernel(const __grid_constant__ ChainPlan plan) {
  extern __shared__ __align__(128) std::uint8_t shared[];
  ChainBlock<Bits, Spans, kHeadDim>(plan, shared).run();
}

template <int Bits, int Spans>
void launch_chain(const ChainLaunch& chain, cudaStream_t stream) {
  const auto kernel =
      chain.plan.head_dim == 64 ? chain_kernel<Bits, Spans, 64> : chain_kernel<Bits, Spans, 128>;
  check(
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, chain.shared_bytes),
      "shared memory of a chain of stages");
  const LaunchShape shape = {static_cast<unsigned>(chain.blocks), kChainThreads,
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
