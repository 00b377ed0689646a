// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_decode.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "kernels/half.h"

namespace salient {
namespace {

constexpr std::size_t kSmall = 32;   ///< weights in a block of the plain types
constexpr std::size_t kLarge = 256;  ///< weights in a block of the K types

unsigned byte_at(const std::byte* bytes, std::size_t index) {
  return std::to_integer<unsigned>(bytes[index]);
}

float half_at(const std::byte* bytes) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes, sizeof(bits));
  return f16_to_f32(bits);
}

/// Low nibbles are the first half of the block, high nibbles the second.
unsigned nibble(const std::byte* codes, std::size_t i) {
  return (byte_at(codes, i % 16) >> (4 * (i / 16))) & 0xFU;
}

/// Bit i of four little-endian bytes.
unsigned bit(const std::byte* bits, std::size_t i) {
  return (byte_at(bits, i / 8) >> (i % 8)) & 1U;
}

float number(unsigned code, int offset = 0) {
  return static_cast<float>(static_cast<int>(code) - offset);
}

/// The eight 6-bit steps and minimums of Q4_K and Q5_K in 12 bytes: the low four of each are whole,
/// the high four lend their top two bits to the bytes of the low ones.
struct SixBitPairs {
  std::array<unsigned, 8> step;
  std::array<unsigned, 8> minimum;
};

SixBitPairs unpack_pairs(const std::byte* packed) {
  SixBitPairs pairs{};
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned a = byte_at(packed, i);
    const unsigned b = byte_at(packed, 4 + i);
    const unsigned c = byte_at(packed, 8 + i);
    pairs.step[i] = a & 0x3FU;
    pairs.minimum[i] = b & 0x3FU;
    pairs.step[4 + i] = (c & 0xFU) | ((a >> 2U) & 0x30U);
    pairs.minimum[4 + i] = (c >> 4U) | ((b >> 2U) & 0x30U);
  }
  return pairs;
}

/// The sixteen 6-bit steps of Q3_K in 12 bytes: low nibbles in the first eight, top bits in the
/// rest.
float q3_step(const std::byte* packed, std::size_t i) {
  const unsigned low = (byte_at(packed, i % 8) >> (4 * (i / 8))) & 0xFU;
  const unsigned high = (byte_at(packed, 8 + i % 4) >> (2 * (i / 4))) & 0x3U;
  return number(low | (high << 4U), 32);
}

/// Two bits of weight i where 128 weights share 32 bytes, 32 weights to each bit pair.
unsigned pair_of_bits(const std::byte* codes, std::size_t i) {
  return (byte_at(codes, i / 128 * 32 + i % 32) >> (2 * (i % 128 / 32))) & 0x3U;
}

/// Four bits of weight i where 64 weights share 32 bytes.
unsigned wide_nibble(const std::byte* codes, std::size_t i) {
  return (byte_at(codes, i / 64 * 32 + i % 32) >> (4 * (i % 64 / 32))) & 0xFU;
}

/// What the codes of the IQ4 types stand for: closer together near zero.
constexpr std::array<float, 16> kUnevenLevels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                 1,    13,   25,  38,  53,  69,  89,  113};

/// The 6-bit step of 32 weights in IQ4_XS: low nibbles in four bytes, top bit pairs in two.
float iq4_xs_step(const std::byte* block, std::size_t i) {
  const unsigned low = (byte_at(block, 4 + i / 2) >> (4 * (i % 2))) & 0xFU;
  const unsigned high = (byte_at(block, 2 + i / 4) >> (2 * (i % 4))) & 0x3U;
  return number(low | (high << 4U), 32);
}

}  // namespace

void decode_q4_0(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 18, out += kSmall) {
    const float d = half_at(blocks);
    for (std::size_t i = 0; i < kSmall; ++i) out[i] = d * number(nibble(blocks + 2, i), 8);
  }
}

void decode_q4_1(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 20, out += kSmall) {
    const float d = half_at(blocks);
    const float minimum = half_at(blocks + 2);
    for (std::size_t i = 0; i < kSmall; ++i) out[i] = d * number(nibble(blocks + 4, i)) + minimum;
  }
}

void decode_q5_0(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 22, out += kSmall) {
    const float d = half_at(blocks);
    for (std::size_t i = 0; i < kSmall; ++i) {
      out[i] = d * number(nibble(blocks + 6, i) | (bit(blocks + 2, i) << 4U), 16);
    }
  }
}

void decode_q5_1(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 24, out += kSmall) {
    const float d = half_at(blocks);
    const float minimum = half_at(blocks + 2);
    for (std::size_t i = 0; i < kSmall; ++i) {
      out[i] = d * number(nibble(blocks + 8, i) | (bit(blocks + 4, i) << 4U)) + minimum;
    }
  }
}

void decode_q8_0(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 34, out += kSmall) {
    const float d = half_at(blocks);
    for (std::size_t i = 0; i < kSmall; ++i) {
      out[i] = static_cast<float>(static_cast<std::int8_t>(byte_at(blocks, 2 + i))) * d;
    }
  }
}

void decode_q2_k(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 84, out += kLarge) {
    const float d = half_at(blocks + 80);
    const float d_minimum = half_at(blocks + 82);
    for (std::size_t i = 0; i < kLarge; ++i) {
      const unsigned packed = byte_at(blocks, i / 16);
      const float step = d * number(packed & 0xFU);
      const float minimum = d_minimum * number(packed >> 4U);
      out[i] = step * number(pair_of_bits(blocks + 16, i)) - minimum;
    }
  }
}

void decode_q3_k(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 110, out += kLarge) {
    const float d = half_at(blocks + 108);
    for (std::size_t i = 0; i < kLarge; ++i) {
      // A set high bit means that nothing is subtracted.
      const bool high = ((byte_at(blocks, i % 32) >> (i / 32)) & 1U) != 0;
      const float code = number(pair_of_bits(blocks + 32, i), high ? 0 : 4);
      out[i] = d * q3_step(blocks + 96, i / 16) * code;
    }
  }
}

void decode_q4_k(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 144, out += kLarge) {
    const float d = half_at(blocks);
    const float d_minimum = half_at(blocks + 2);
    const SixBitPairs pairs = unpack_pairs(blocks + 4);
    for (std::size_t i = 0; i < kLarge; ++i) {
      const float step = d * number(pairs.step[i / 32]);
      const float minimum = d_minimum * number(pairs.minimum[i / 32]);
      out[i] = step * number(wide_nibble(blocks + 16, i)) - minimum;
    }
  }
}

void decode_q5_k(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 176, out += kLarge) {
    const float d = half_at(blocks);
    const float d_minimum = half_at(blocks + 2);
    const SixBitPairs pairs = unpack_pairs(blocks + 4);
    for (std::size_t i = 0; i < kLarge; ++i) {
      const float step = d * number(pairs.step[i / 32]);
      const float minimum = d_minimum * number(pairs.minimum[i / 32]);
      const unsigned high = (byte_at(blocks, 16 + i % 32) >> (i / 32)) & 1U;
      out[i] = step * number(wide_nibble(blocks + 48, i) | (high << 4U)) - minimum;
    }
  }
}

void decode_q6_k(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 210, out += kLarge) {
    const float d = half_at(blocks + 208);
    for (std::size_t i = 0; i < kLarge; ++i) {
      const std::size_t low_byte = i / 128 * 64 + i % 64;
      const unsigned low = (byte_at(blocks, low_byte) >> (4 * (i % 128 / 64))) & 0xFU;
      const unsigned high = pair_of_bits(blocks + 128, i);
      const auto step = static_cast<std::int8_t>(byte_at(blocks, 192 + i / 16));
      out[i] = d * static_cast<float>(step) * number(low | (high << 4U), 32);
    }
  }
}

void decode_iq4_nl(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 18, out += kSmall) {
    const float d = half_at(blocks);
    for (std::size_t i = 0; i < kSmall; ++i) out[i] = d * kUnevenLevels[nibble(blocks + 2, i)];
  }
}

void decode_iq4_xs(const std::byte* blocks, std::size_t count, float* out) {
  for (; count > 0; --count, blocks += 136, out += kLarge) {
    const float d = half_at(blocks);
    for (std::size_t i = 0; i < kLarge; ++i) {
      const std::byte* codes = blocks + 8 + i / kSmall * 16;
      out[i] = d * iq4_xs_step(blocks, i / kSmall) * kUnevenLevels[nibble(codes, i % kSmall)];
    }
  }
}

}  // namespace salient
