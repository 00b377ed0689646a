// SPDX-License-Identifier: Apache-2.0
#pragma once

// One warp's ring of weight tiles over the stages of a chain: like kernels/cuda/weight_ring.cuh,
// but it goes on into the stages to come, as far as their plans are in sight.

#include "kernels/cuda/chain_plan.h"
#include "kernels/cuda/weight_ring.cuh"

namespace salient::kernels::cuda {

template <int Bits, int Spans, int Slots>
class ChainRing {
 public:
  static constexpr int kTileBytes = stream_tile_bytes(Bits, Spans);

  /// `window` [kChainWindow] holds stage s at s modulo its size.
  __device__ __forceinline__ ChainRing(const ChainItem* window, int count, std::uint8_t* shared)
      : window_(window), count_(count) {
    begin_ = shared + threadIdx.x / 32 * (Slots * kTileBytes);
    lane_slot_ = shared_address(begin_) + 16 * (threadIdx.x % 32);
  }

  /// Plans of stages below `stage` are in sight.
  __device__ __forceinline__ void see(int stage) { seen_ = min(stage, count_); }

  /// Requests all it has room for. No lane may still read a tile.
  __device__ __forceinline__ void fill() {
#pragma unroll 1
    while (ahead_ < Slots - 1 && fetch()) {
    }
  }

  /// The next tile, complete and visible to the warp; one more is requested.
  __device__ __forceinline__ const std::uint8_t* next() {
    wait_for_oldest();
    __syncwarp();
    const std::uint8_t* tile = begin_ + taken_;
    taken_ = after(taken_);
    --ahead_;
    fetch();
    return tile;
  }

 private:
  __device__ __forceinline__ static int after(int slot) {
    return slot == (Slots - 1) * kTileBytes ? 0 : slot + kTileBytes;
  }
  __device__ __forceinline__ void wait_for_oldest() const {
    constexpr int kFew = Slots / 2;
    if (ahead_ == Slots - 1) {
      wait_for_copies<Slots - 2>();
    } else if (ahead_ > kFew) {
      wait_for_copies<kFew>();
    } else {
      wait_for_copies<0>();
    }
  }

  __device__ __forceinline__ bool fetch() {
    if (run_left_ == 0 && !open_run()) return false;
    --run_left_;
    constexpr int kPieces = kTileBytes / 16;
    const int lane = static_cast<int>(threadIdx.x % 32);
    const std::uint32_t slot = lane_slot_ + static_cast<std::uint32_t>(slot_);
#pragma unroll
    for (int piece = 0; piece < kPieces; piece += 32) {
      copy_weights_async(slot + 16 * piece, source_ + 16 * piece,
                         piece + 32 <= kPieces || lane < kPieces - piece);
    }
    source_ += StreamPlan::kWarps * kTileBytes;
    commit_copies();
    slot_ = after(slot_);
    ++ahead_;
    return true;
  }

  /// To the next tiles of this warp that follow in memory, if there are any in sight.
  __device__ __forceinline__ bool open_run() {
    while (next_ >= end_) {
      if (stage_ + 1 >= seen_) return false;
      open_stage(stage_ + 1);
    }
    const StreamPlan& plan = window_[stage_ % kChainWindow].linear;
    while ((item_ + 1) * plan.tiles <= next_) ++item_;
    const ItemPlace place = place_of(plan, items_, item_);
    const int tile = next_ - item_ * plan.tiles;
    run_left_ = (place.run_end * plan.tiles - next_ + StreamPlan::kWarps - 1) / StreamPlan::kWarps;
    next_ += run_left_ * StreamPlan::kWarps;
    const std::int64_t index = static_cast<std::int64_t>(place.row_block) * plan.tiles + tile;
    source_ = plan.matrices[place.matrix].weights + index * kTileBytes + 16 * (threadIdx.x % 32);
    return true;
  }
  __device__ __forceinline__ void open_stage(int stage) {
    stage_ = stage;
    next_ = static_cast<int>(threadIdx.x / 32);
    end_ = 0;
    item_ = 0;
    const ChainItem& item = window_[stage % kChainWindow];
    if (item.kind != ChainItem::Kind::Linear) return;
    items_ = items_of_block(item.linear);
    end_ = items_.count * item.linear.tiles;
  }

  const ChainItem* window_;
  int count_;
  int seen_ = 0;
  const std::uint8_t* begin_;
  std::uint32_t lane_slot_;  ///< this lane's 16 bytes of the first slot
  int slot_ = 0;             ///< bytes to the slot that is written next …
  int taken_ = 0;            ///< … and to the one that is read next
  int ahead_ = 0;            ///< tiles requested and not taken
  int stage_ = -1;           ///< of the run, and of all below
  BlockItems items_ = {};
  int next_ = 0;
  int end_ = 0;
  int item_ = 0;
  int run_left_ = 0;
  const std::uint8_t* source_ = nullptr;
};

}  // namespace salient::kernels::cuda
