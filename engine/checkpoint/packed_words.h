// SPDX-License-Identifier: Apache-2.0
#pragma once

// Codes out of the 32-bit words in which quantized checkpoints pack them: a little-endian stream in
// which code i sits at bits [i·bits, (i+1)·bits), across a word's border where bits is 3.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace salient {

/// [rows, count] out of words [rows, row_words], a stream in every row.
std::vector<std::uint8_t> unpack_rows(std::span<const std::int32_t> words, std::size_t rows,
                                      int bits, std::size_t count);

/// [columns, count] out of words [stream_words, columns], a stream in every column.
std::vector<std::uint8_t> unpack_columns(std::span<const std::int32_t> words, std::size_t columns,
                                         int bits, std::size_t count);

/// [columns, rows] out of [rows, columns].
template <class T>
std::vector<T> transposed(std::span<const T> values, std::size_t rows, std::size_t columns) {
  std::vector<T> result(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = values[r * columns + c];
  }
  return result;
}

/// Words of a stream of `count` codes.
constexpr std::int64_t stream_words(std::int64_t count, int bits) {
  return (count * bits + 31) / 32;
}

}  // namespace salient
