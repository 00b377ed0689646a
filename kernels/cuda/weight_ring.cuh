// SPDX-License-Identifier: Apache-2.0
#pragma once

// One warp's ring of weight tiles in shared memory. The tiles of the block's items, taken as one
// sequence, are dealt to the warps in turn, so that the block reads long pieces of memory; a warp
// requests its next tiles while it multiplies the one at hand, across items, passes and the wait
// for earlier launches. Tiles of neighbouring items follow one another, so a step is mostly one
// addition.

#include "kernels/cuda/instructions.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/cuda/stream_plan.h"

namespace salient::kernels::cuda {

/// The items of one block: a range of row blocks; for gate and up, of both matrices alike, where
/// each pass takes its gate items first.
struct BlockItems {
  int first;
  int count;
};

/// No division: this code runs beside the launch before, which needs the issue slots.
__device__ __forceinline__ BlockItems items_of_block(const StreamPlan& plan) {
  const int block = static_cast<int>(blockIdx.x);
  const int longer = min(block, plan.longer_blocks);
  return {block * plan.block_items + longer * plan.unit_items,
          plan.block_items + (block < plan.longer_blocks ? plan.unit_items : 0)};
}

struct ItemPlace {
  int matrix;
  int row_block;
  int run_end;  ///< items of the block up to here follow in memory
};

__device__ __forceinline__ ItemPlace place_of(const StreamPlan& plan, const BlockItems& items,
                                              int local) {
  if (plan.epilogue == Epilogue::SiluGate) {
    const int pass = local < plan.pass_items ? 0 : local / plan.pass_items * plan.pass_items;
    const int half = min(plan.pass_items, items.count - pass) / 2;
    const int matrix = local - pass >= half ? 1 : 0;
    return {matrix, (items.first + pass) / 2 + local - pass - matrix * half,
            pass + (matrix + 1) * half};
  }
  const int item = items.first + local;
  int matrix = 0;
  if (plan.matrix_count > 1 && item >= plan.matrices[1].first_item) matrix = 1;
  if (plan.matrix_count > 2 && item >= plan.matrices[2].first_item) matrix = 2;
  const int end =
      matrix + 1 < plan.matrix_count ? plan.matrices[matrix + 1].first_item : plan.items;
  return {matrix, item - plan.matrices[matrix].first_item, min(items.count, end - items.first)};
}

template <int Bits, int Spans, int Stages>
class WeightRing {
 public:
  static constexpr int kTileBytes = stream_tile_bytes(Bits, Spans);
  static constexpr int kColumns = stream_tile_columns(Bits);

  __device__ __forceinline__ WeightRing(const StreamPlan& plan, const BlockItems& items,
                                        int first_tile, int tiles, std::uint8_t* shared)
      : plan_(plan), items_(items), first_tile_(first_tile), tiles_(tiles) {
    begin_ = shared + threadIdx.x / 32 * (Stages * kTileBytes);
    lane_slot_ = shared_address(begin_) + 16 * (threadIdx.x % 32);
    next_ = static_cast<int>(threadIdx.x / 32);
#pragma unroll 1
    for (int i = 0; i + 1 < Stages; ++i) fetch();
  }

  /// The next tile, complete and visible to the warp; its successor is requested.
  __device__ __forceinline__ const std::uint8_t* next() {
    wait_for_copies<Stages - 2>();
    __syncwarp();
    fetch();
    // The slot to be written next is the oldest one, this tile's.
    return begin_ + slot_;
  }

 private:
  __device__ __forceinline__ void fetch() {
    if (run_left_ == 0) open_run();
    const bool wanted = run_left_ > 0;
    run_left_ -= wanted ? 1 : 0;
    if constexpr (Bits == 16) {
      fetch_dense(wanted);
    } else {
      fetch_tile(wanted);
    }
    commit_copies();
    slot_ = slot_ == (Stages - 1) * kTileBytes ? 0 : slot_ + kTileBytes;
  }

  /// To the next tiles of this warp that follow in memory, if there are any.
  __device__ __forceinline__ void open_run() {
    if (next_ >= items_.count * tiles_) return;
    while ((item_ + 1) * tiles_ <= next_) ++item_;
    const int tile = next_ - item_ * tiles_;
    const ItemPlace place = place_of(plan_, items_, item_);
    // Parts of a row block do not follow one another, nor do dense rows.
    const bool whole = Bits != 16 && tiles_ == plan_.tiles;
    const int run_end = (whole ? place.run_end : item_ + 1) * tiles_;
    run_left_ = (run_end - next_ + StreamPlan::kWarps - 1) / StreamPlan::kWarps;
    next_ += run_left_ * StreamPlan::kWarps;
    place_source(plan_.matrices[place.matrix], place.row_block, first_tile_ + tile);
  }

  /// Dense rows behind the last one read the last one; nobody takes their sums.
  __device__ __forceinline__ void place_source(const StreamMatrix& matrix, int row_block,
                                               int tile) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    if constexpr (Bits == 16) {
      const int low = min(row_block * TiledShape::kRows + lane / 4, matrix.out_features - 1);
      const int high = min(row_block * TiledShape::kRows + lane / 4 + 8, matrix.out_features - 1);
      const std::int64_t pitch = 2LL * plan_.in_features;
      column_ = tile * kColumns + lane % 4 * 8;
      source_ = matrix.weights + low * pitch + 2LL * column_;
      upper_ = (high - low) * pitch;
    } else {
      const std::int64_t index = static_cast<std::int64_t>(row_block) * plan_.tiles + tile;
      source_ = matrix.weights + index * kTileBytes + 16 * lane;
    }
  }

  __device__ __forceinline__ void fetch_tile(bool wanted) {
    constexpr int kPieces = kTileBytes / 16;
    const int lane = static_cast<int>(threadIdx.x % 32);
    const std::uint32_t slot = lane_slot_ + static_cast<std::uint32_t>(slot_);
#pragma unroll
    for (int piece = 0; piece < kPieces; piece += 32) {
      copy_weights_async(slot + 16 * piece, source_ + 16 * piece,
                         wanted && (piece + 32 <= kPieces || lane < kPieces - piece));
    }
    source_ += StreamPlan::kWarps * kTileBytes;
  }

  /// Plane 2 q + h: 8 columns of row g + 8 h of every lane, from quarter q of 32 columns.
  __device__ __forceinline__ void fetch_dense(bool wanted) {
    const std::uint32_t slot = lane_slot_ + static_cast<std::uint32_t>(slot_);
#pragma unroll
    for (int quarter = 0; quarter < 2; ++quarter) {
      const bool inside = column_ + 32 * quarter < plan_.in_features;
      const std::uint8_t* source = source_ + 64 * quarter;
      copy_weights_async(slot + 1024 * quarter, source, wanted && inside);
      copy_weights_async(slot + 1024 * quarter + 512, source + upper_, wanted && inside);
      if (!inside) clear_piece(slot + 1024 * quarter);
    }
    column_ += StreamPlan::kWarps * kColumns;
    source_ += StreamPlan::kWarps * kColumns * 2;
  }

  /// Old bits may be infinite, and zero activations do not make them zero.
  __device__ __forceinline__ void clear_piece(std::uint32_t shared) const {
    auto* piece = static_cast<uint4*>(__cvta_shared_to_generic(shared));
    piece[0] = {0, 0, 0, 0};
    piece[32] = {0, 0, 0, 0};
  }

  const StreamPlan& plan_;
  BlockItems items_;
  int first_tile_;
  int tiles_;
  const std::uint8_t* begin_;
  std::uint32_t lane_slot_;  ///< this lane's 16 bytes of the first slot
  int slot_ = 0;             ///< bytes to the slot that is written next
  int pass_;                 ///< its first item
  int next_ = 0;
  int end_ = 0;
  int item_ = 0;  ///< of the run
  int run_left_ = 0;
  const std::uint8_t* source_ = nullptr;
  std::int64_t upper_ = 0;  ///< dense: bytes from row g to row g + 8
  int column_ = 0;
};

}  // namespace salient::kernels::cuda
