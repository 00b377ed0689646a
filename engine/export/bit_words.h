// SPDX-License-Identifier: Apache-2.0
#pragma once

// Codes as a little-endian stream of bits in 32-bit words, as GPTQ and compressed-tensors pack
// them: code i sits at bits [i·bits, (i+1)·bits), across a word's border where bits is 3.

#include <cstddef>
#include <cstdint>

namespace salient {

/// `get(i)` gives code i below `count`; `put(word, value)` takes the words, std::int32_t. Bits
/// beyond the last code are 0.
template <class Get, class Put>
void pack_bit_words(std::size_t count, int bits, Get get, Put put) {
  std::uint64_t pending = 0;
  int filled = 0;
  std::size_t word = 0;
  for (std::size_t i = 0; i < count; ++i) {
    pending |= static_cast<std::uint64_t>(get(i)) << filled;
    filled += bits;
    if (filled < 32) continue;
    put(word++, static_cast<std::int32_t>(static_cast<std::uint32_t>(pending)));
    pending >>= 32U;
    filled -= 32;
  }
  if (filled > 0) put(word, static_cast<std::int32_t>(static_cast<std::uint32_t>(pending)));
}

constexpr std::int64_t bit_words(std::int64_t count, int bits) {
  return (count * bits + 31) / 32;
}

}  // namespace salient
