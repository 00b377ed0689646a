// SPDX-License-Identifier: Apache-2.0
#pragma once

// The packed layout of a quantized matrix, for host and device. Blocks of 16 output rows, one after
// another; in_features is cut into chunks of 32, the last one filled up with code 0:
//
//   block: codes [chunks][chunk bytes], steps float16 [groups][16], zero points u8 [groups][16],
//          padded to 64 bytes
//   cell:  64 bytes = 16 rows x 4 bytes; byte j of row r
//     8 bits  8 cells a chunk: cell c holds code[4c + j]
//     4 bits  4 cells: low nibble code[8c + j], high nibble code[8c + 4 + j]
//     2 bits  2 cells: bits 2i code[16c + 4i + j], i = 0 … 3
//     3 bits  the 2 cells of the low two bits, then one cell whose bit b is the top bit of
//             code[4b + j], b = 0 … 7
//
// So a cell times four broadcast activations is one dot-product instruction for 16 rows, and a
// matrix is read as one stream. group_size is a multiple of 32, or one group spans the row.

#include <cstdint>

#if defined(__CUDACC__)
#define SALIENT_HOST_DEVICE __host__ __device__
#else
#define SALIENT_HOST_DEVICE
#endif

namespace salient::kernels {

struct PackedShape {
  static constexpr std::int64_t kRows = 16;
  static constexpr std::int64_t kChunk = 32;
  static constexpr std::int64_t kCell = 64;

  int bits;
  std::int64_t out_features;
  std::int64_t in_features;
  std::int64_t group_size;  ///< at most in_features

  SALIENT_HOST_DEVICE std::int64_t blocks() const { return (out_features + kRows - 1) / kRows; }
  SALIENT_HOST_DEVICE std::int64_t chunks() const { return (in_features + kChunk - 1) / kChunk; }
  SALIENT_HOST_DEVICE std::int64_t groups() const {
    return (in_features + group_size - 1) / group_size;
  }
  SALIENT_HOST_DEVICE std::int64_t chunk_bytes() const { return kCell * bits; }
  /// Bytes from the start of a block.
  SALIENT_HOST_DEVICE std::int64_t steps_at() const { return chunks() * chunk_bytes(); }
  SALIENT_HOST_DEVICE std::int64_t zero_points_at() const {
    return steps_at() + groups() * kRows * 2;
  }
  SALIENT_HOST_DEVICE std::int64_t block_bytes() const {
    return (zero_points_at() + groups() * kRows + kCell - 1) / kCell * kCell;
  }
  SALIENT_HOST_DEVICE std::int64_t bytes() const { return blocks() * block_bytes(); }
};

/// Where the low bits of code k of a row stand, from the start of the row's block.
struct PackedPosition {
  std::int64_t byte;
  int shift;
};

SALIENT_HOST_DEVICE inline PackedPosition packed_position(const PackedShape& shape,
                                                          std::int64_t row, std::int64_t k) {
  const int low_bits = shape.bits == 3 ? 2 : shape.bits;
  const std::int64_t per_cell = 4 * (8 / low_bits);
  const std::int64_t in_chunk = k % PackedShape::kChunk;
  const std::int64_t cell = in_chunk / per_cell;
  const std::int64_t within = in_chunk % per_cell;
  return {k / PackedShape::kChunk * shape.chunk_bytes() + cell * PackedShape::kCell +
              row % PackedShape::kRows * 4 + within % 4,
          static_cast<int>(within / 4) * low_bits};
}

/// Where the top bit of a 3-bit code stands.
SALIENT_HOST_DEVICE inline PackedPosition packed_top_bit(const PackedShape& shape, std::int64_t row,
                                                         std::int64_t k) {
  const std::int64_t in_chunk = k % PackedShape::kChunk;
  return {k / PackedShape::kChunk * shape.chunk_bytes() + 2 * PackedShape::kCell +
              row % PackedShape::kRows * 4 + in_chunk % 4,
          static_cast<int>(in_chunk / 4)};
}

}  // namespace salient::kernels
