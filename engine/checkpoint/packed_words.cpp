// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/packed_words.h"

#include <algorithm>

namespace salient {
namespace {

constexpr unsigned kWordBits = 32;

/// Where a code begins, and how it is cut out.
struct Place {
  std::size_t word = 0;
  unsigned shift = 0;
  bool crosses = false;
};

Place place_of(std::size_t index, unsigned bits) {
  const std::size_t at = index * bits;
  const auto shift = static_cast<unsigned>(at % kWordBits);
  return {at / kWordBits, shift, shift + bits > kWordBits};
}

/// `stride`: from one word of the stream to the next.
std::uint8_t code_at(const std::int32_t* first, std::size_t stride, const Place& place,
                     std::uint32_t mask) {
  std::uint32_t code = static_cast<std::uint32_t>(first[place.word * stride]) >> place.shift;
  if (place.crosses) {
    const auto next = static_cast<std::uint32_t>(first[(place.word + 1) * stride]);
    code |= next << (kWordBits - place.shift);
  }
  return static_cast<std::uint8_t>(code & mask);
}

}  // namespace

std::vector<std::uint8_t> unpack_rows(std::span<const std::int32_t> words, std::size_t rows,
                                      int bits, std::size_t count) {
  std::vector<std::uint8_t> codes(rows * count);
  if (codes.empty()) return codes;
  const auto width = static_cast<unsigned>(bits);
  const std::uint32_t mask = (1U << width) - 1;
  const std::size_t row_words = words.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < count; ++i) {
      codes[row * count + i] = code_at(words.data() + row * row_words, 1, place_of(i, width), mask);
    }
  }
  return codes;
}

std::vector<std::uint8_t> unpack_columns(std::span<const std::int32_t> words, std::size_t columns,
                                         int bits, std::size_t count) {
  // One cache line of words at a time: the rows that are written stay in the first cache.
  constexpr std::size_t kTile = 16;
  std::vector<std::uint8_t> codes(columns * count);
  const auto width = static_cast<unsigned>(bits);
  const std::uint32_t mask = (1U << width) - 1;
  for (std::size_t first = 0; first < columns; first += kTile) {
    const std::size_t last = std::min(columns, first + kTile);
    for (std::size_t i = 0; i < count; ++i) {
      const Place place = place_of(i, width);
      for (std::size_t column = first; column < last; ++column) {
        codes[column * count + i] = code_at(words.data() + column, columns, place, mask);
      }
    }
  }
  return codes;
}

}  // namespace salient
