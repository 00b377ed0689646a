// SPDX-License-Identifier: Apache-2.0
#pragma once

// The packed layout of a quantized matrix on a CUDA device, for host and device code. A matrix is
// cut into tiles of 16 output rows x 128 input columns, tile after tile along a row block, row
// block after row block; both edges are filled up with step 0. A tile is
//
//   codes   bits x 256 bytes, ordered so that 16 bytes of a lane are whole tensor-core fragments
//   spans   per span of columns that share a group (128, 64 or 32 columns, whichever divides
//           group_size): steps float16 [8][2], zero points u8 [8][2], rows g and g + 8 adjacent
//
// One m16n8k16 product j = 0 … 7 of a tile takes columns 32 (j / 2) + 8 t + 4 (j % 2) + e,
// e = 0 … 3, from lane 4 g + t, rows g (h = 0) and g + 8 (h = 1). So lane t reads 8 neighbouring
// activations for two products, in their natural order. With i = e / 2 + 2 h, b = e % 2, a code is
//
//   4 bits  word j of the lane, bit 4 i + 16 b: one mask gives two halves 16 bits apart
//   2 bits  word j / 2, bit 2 i + 8 (j % 2) + 16 b
//   3 bits  the low two bits as above, then word j / 4 of 8 more bytes per lane: the top bit is at
//           2 + 2 i + 16 b after a rotation to the right by j % 2 + 8 (j / 2 % 2)
//   8 bits  word 2 j + h, byte e
//
// Words are dealt in planes of 512 bytes: plane p holds words 4 p … 4 p + 3 of lanes 0 … 31.

#include <cstdint>

#include "kernels/packed_layout.h"

namespace salient::kernels {

struct TiledShape {
  static constexpr int kRows = 16;
  static constexpr int kColumns = 128;
  static constexpr int kSpanBytes = 48;  ///< 16 steps and 16 zero points

  int bits;  ///< 2, 3, 4 or 8
  std::int64_t out_features;
  std::int64_t in_features;
  std::int64_t group_size;  ///< a multiple of 32, or in_features and more: one group a row

  SALIENT_HOST_DEVICE std::int64_t row_blocks() const { return (out_features + kRows - 1) / kRows; }
  /// Tiles of one row block.
  SALIENT_HOST_DEVICE std::int64_t tiles() const { return (in_features + kColumns - 1) / kColumns; }
  SALIENT_HOST_DEVICE std::int64_t groups() const {
    return group_size >= in_features ? 1 : (in_features + group_size - 1) / group_size;
  }
  /// Columns that share their step and zero point within a tile.
  SALIENT_HOST_DEVICE int span() const {
    if (group_size >= in_features || group_size % 128 == 0) return 128;
    return group_size % 64 == 0 ? 64 : 32;
  }
  SALIENT_HOST_DEVICE int spans() const { return kColumns / span(); }
  SALIENT_HOST_DEVICE int code_bytes() const { return bits * 256; }
  SALIENT_HOST_DEVICE int tile_bytes() const { return code_bytes() + spans() * kSpanBytes; }
  SALIENT_HOST_DEVICE std::int64_t bytes() const { return row_blocks() * tiles() * tile_bytes(); }
  /// The group of column k.
  SALIENT_HOST_DEVICE std::int64_t group_of(std::int64_t k) const {
    return group_size >= in_features ? 0 : k / group_size;
  }
};

/// Byte of a tile and bit within it.
struct TilePosition {
  int byte;
  int shift;
};

namespace tile {

SALIENT_HOST_DEVICE inline int lane_of(int row, int k) {
  return row % 8 * 4 + k % 32 / 8;
}
SALIENT_HOST_DEVICE inline int product_of(int k) {
  return k / 32 * 2 + k % 8 / 4;
}
SALIENT_HOST_DEVICE inline TilePosition word_bit(int lane, int word, int bit) {
  return {word / 4 * 512 + lane * 16 + word % 4 * 4 + bit / 8, bit % 8};
}

}  // namespace tile

/// Where the code (3 bits: its low two bits) of row 0 … 15, column 0 … 127 stands.
SALIENT_HOST_DEVICE inline TilePosition tile_position(int bits, int row, int k) {
  const int lane = tile::lane_of(row, k);
  const int j = tile::product_of(k);
  const int i = k % 4 / 2 + row / 8 * 2;
  const int upper = k % 2 * 16;
  if (bits == 8) return tile::word_bit(lane, 2 * j + row / 8, k % 4 * 8);
  if (bits == 4) return tile::word_bit(lane, j, 4 * i + upper);
  return tile::word_bit(lane, j / 2, 2 * i + j % 2 * 8 + upper);
}

/// Where the top bit of a 3-bit code stands.
SALIENT_HOST_DEVICE inline TilePosition tile_top_bit(int row, int k) {
  const int j = tile::product_of(k);
  const int i = k % 4 / 2 + row / 8 * 2;
  const int rotation = j % 2 + j / 2 % 2 * 8;
  const int bit = (2 + 2 * i + k % 2 * 16 + rotation) % 32;
  return {512 + tile::lane_of(row, k) * 8 + j / 4 * 4 + bit / 8, bit % 8};
}

/// Bytes from a span's start to the step and the zero point of a row 0 … 15.
SALIENT_HOST_DEVICE inline int step_at(int row) {
  return row % 8 * 4 + row / 8 * 2;
}
SALIENT_HOST_DEVICE inline int zero_point_at(int row) {
  return 32 + row % 8 * 2 + row / 8;
}

}  // namespace salient::kernels
