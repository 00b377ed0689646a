// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/packed_linear.h"

#include <cstring>

#include "kernels/half.h"

namespace salient::kernels::cpu {

namespace {

void pack_code(const PackedShape& shape, std::uint8_t* block, std::int64_t row, std::int64_t k,
               unsigned code) {
  const unsigned low = shape.bits == 3 ? code & 3U : code;
  const PackedPosition at = packed_position(shape, row, k);
  block[at.byte] =
      static_cast<std::uint8_t>(block[at.byte] | low << static_cast<unsigned>(at.shift));
  if (shape.bits != 3) return;
  const PackedPosition top = packed_top_bit(shape, row, k);
  block[top.byte] =
      static_cast<std::uint8_t>(block[top.byte] | (code >> 2U) << static_cast<unsigned>(top.shift));
}

int unpack_code(const PackedShape& shape, const std::uint8_t* block, std::int64_t row,
                std::int64_t k) {
  const unsigned mask = shape.bits == 3 ? 3U : (1U << static_cast<unsigned>(shape.bits)) - 1U;
  const PackedPosition at = packed_position(shape, row, k);
  unsigned code = (unsigned{block[at.byte]} >> static_cast<unsigned>(at.shift)) & mask;
  if (shape.bits == 3) {
    const PackedPosition top = packed_top_bit(shape, row, k);
    code |= ((unsigned{block[top.byte]} >> static_cast<unsigned>(top.shift)) & 1U) << 2U;
  }
  return static_cast<int>(code);
}

}  // namespace

void pack_matrix(const PackedShape& shape, const std::uint8_t* codes, const std::uint16_t* steps,
                 const std::uint8_t* zero_points, std::uint8_t* packed) {
  const std::int64_t groups = shape.groups();
  for (std::int64_t row = 0; row < shape.out_features; ++row) {
    std::uint8_t* block = packed + row / PackedShape::kRows * shape.block_bytes();
    const std::int64_t lane = row % PackedShape::kRows;
    for (std::int64_t k = 0; k < shape.in_features; ++k) {
      pack_code(shape, block, row, k, codes[row * shape.in_features + k]);
    }
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t slot = g * PackedShape::kRows + lane;
      std::memcpy(block + shape.steps_at() + slot * 2, steps + row * groups + g, 2);
      block[shape.zero_points_at() + slot] = zero_points[row * groups + g];
    }
  }
}

void unpack_row(const PackedShape& shape, const std::uint8_t* packed, std::int64_t row,
                float* out) {
  const std::uint8_t* block = packed + row / PackedShape::kRows * shape.block_bytes();
  for (std::int64_t k = 0; k < shape.in_features; ++k) {
    const std::int64_t slot = k / shape.group_size * PackedShape::kRows + row % PackedShape::kRows;
    std::uint16_t step = 0;
    std::memcpy(&step, block + shape.steps_at() + slot * 2, 2);
    const int offset = unpack_code(shape, block, row, k) - block[shape.zero_points_at() + slot];
    out[k] = static_cast<float>(offset) * f16_to_f32(step);
  }
}

}  // namespace salient::kernels::cpu
