// SPDX-License-Identifier: Apache-2.0
#pragma once

// One warp's ring of weight tiles in shared memory. The tiles of the block's items, taken as one
// sequence, are dealt to the warps in turn; a warp requests its next tiles while it multiplies the
// one at hand, across items, passes and the wait for earlier launches.

#include "kernels/cuda/instructions.cuh"
#include "kernels/cuda/stream_plan.h"

namespace salient::kernels::cuda {

/// Where a warp stands in the sequence of tiles.
struct TileCursor {
  int item;
  int tile;  ///< within the split's part of the row block

  __device__ __forceinline__ void advance(int count, int tiles) {
    tile += count;
    while (tile >= tiles) {
      tile -= tiles;
      ++item;
    }
  }
};

struct ItemPlace {
  int matrix;
  int row_block;
};

__device__ __forceinline__ ItemPlace place_of(const StreamPlan& plan, int item) {
  if (plan.epilogue == Epilogue::SiluGate) return {item % 2, item / 2};
  int matrix = 0;
  if (plan.matrix_count > 1 && item >= plan.matrices[1].first_item) matrix = 1;
  if (plan.matrix_count > 2 && item >= plan.matrices[2].first_item) matrix = 2;
  return {matrix, item - plan.matrices[matrix].first_item};
}

template <int Bits, int Spans, int Stages>
class WeightRing {
 public:
  static constexpr int kTileBytes = stream_tile_bytes(Bits, Spans);
  static constexpr int kColumns = stream_tile_columns(Bits);

  __device__ __forceinline__ WeightRing(const StreamPlan& plan, std::uint8_t* shared,
                                        TileCursor start, int end_item, int first_tile, int tiles)
      : plan_(plan),
        slots_(shared + threadIdx.x / 32 * Stages * kTileBytes),
        cursor_(start),
        end_item_(end_item),
        first_tile_(first_tile),
        tiles_(tiles) {
    cursor_.advance(static_cast<int>(threadIdx.x / 32), tiles_);
    open_item();
#pragma unroll
    for (int i = 0; i + 1 < Stages; ++i) fetch();
  }

  /// The next tile, complete and visible to the warp; its successor is requested.
  __device__ __forceinline__ const std::uint8_t* next() {
    wait_for_copies<Stages - 2>();
    __syncwarp();
    fetch();
    const std::uint8_t* tile = slots_ + read_slot_ * kTileBytes;
    read_slot_ = read_slot_ + 1 == Stages ? 0 : read_slot_ + 1;
    return tile;
  }

 private:
  __device__ __forceinline__ void open_item() {
    if (cursor_.item >= end_item_) return;
    open_item_ = cursor_.item;
    const ItemPlace place = place_of(plan_, cursor_.item);
    const StreamMatrix& matrix = plan_.matrices[place.matrix];
    if constexpr (Bits == 16) {
      open_dense(matrix, place.row_block);
    } else {
      const std::int64_t tile = static_cast<std::int64_t>(place.row_block) * plan_.tiles;
      base_ = matrix.weights + (tile + first_tile_) * kTileBytes;
    }
  }

  /// Rows behind the last one read the last one; nobody takes their sums.
  __device__ __forceinline__ void open_dense(const StreamMatrix& matrix, int row_block) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    const int low = row_block * TiledShape::kRows + lane / 4;
    const int last = matrix.out_features - 1;
    const std::int64_t pitch = 2LL * plan_.in_features;
    base_ = matrix.weights + (low < last ? low : last) * pitch;
    const int high = low + 8;
    upper_ = matrix.weights + (high < last ? high : last) * pitch;
  }

  __device__ __forceinline__ void fetch() {
    if (cursor_.item < end_item_) {
      if (cursor_.item != open_item_) open_item();
      const std::uint32_t slot = shared_address(slots_ + write_slot_ * kTileBytes);
      if constexpr (Bits == 16) {
        fetch_dense(slot);
      } else {
        fetch_tile(slot);
      }
      cursor_.advance(StreamPlan::kWarps, tiles_);
    }
    write_slot_ = write_slot_ + 1 == Stages ? 0 : write_slot_ + 1;
    commit_copies();
  }

  __device__ __forceinline__ void fetch_tile(std::uint32_t slot) {
    const int lane = static_cast<int>(threadIdx.x % 32);
    const std::uint8_t* source = base_ + static_cast<std::int64_t>(cursor_.tile) * kTileBytes;
    constexpr int kPieces = kTileBytes / 16;
#pragma unroll
    for (int piece = 0; piece < kPieces; piece += 32) {
      if (piece + 32 <= kPieces || lane < kPieces - piece) {
        copy_async(slot + static_cast<std::uint32_t>(16 * (piece + lane)),
                   source + 16 * (piece + lane));
      }
    }
  }

  /// Plane 2 q + h: 8 columns of row g + 8 h of every lane, from quarter q of 32 columns.
  __device__ __forceinline__ void fetch_dense(std::uint32_t slot) {
    const int lane = static_cast<int>(threadIdx.x % 32);
#pragma unroll
    for (int quarter = 0; quarter < 2; ++quarter) {
      const int k = (first_tile_ + cursor_.tile) * kColumns + quarter * 32 + lane % 4 * 8;
      const bool inside = k < plan_.in_features;
      const std::int64_t offset = inside ? 2LL * k : 0;
      const std::uint32_t target = slot + static_cast<std::uint32_t>(1024 * quarter + 16 * lane);
      copy_async(target, base_ + offset, inside ? 16 : 0);
      copy_async(target + 512, upper_ + offset, inside ? 16 : 0);
    }
  }

  const StreamPlan& plan_;
  const std::uint8_t* slots_;
  const std::uint8_t* base_ = nullptr;
  const std::uint8_t* upper_ = nullptr;
  TileCursor cursor_;
  int end_item_;
  int first_tile_;
  int tiles_;
  int open_item_ = -1;
  int write_slot_ = 0;
  int read_slot_ = 0;
};

}  // namespace salient::kernels::cuda
