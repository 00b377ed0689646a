// SPDX-License-Identifier: Apache-2.0
#pragma once

// Integer vectors of the packed linears in plain C++; the names of dot_avx512.h.

#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/half.h"

namespace salient::kernels::cpu {

struct DotPortable {
  static constexpr int kRows = 4;
  static constexpr int kRowVectors = 1;
  static constexpr int kTokens = 1;
  /// Four bytes of each of four rows, or a sum a row.
  struct Int {
    std::uint32_t row[kRows];
  };
  struct Float {
    float row[kRows];
  };

  template <class Out, class Op>
  static Out each(Op op) {
    Out out;
    for (int r = 0; r < kRows; ++r) out.row[r] = op(r);
    return out;
  }
  static Int zero() {
    return each<Int>([](int) { return 0U; });
  }
  static Int load(const std::uint8_t* cell) {
    Int v;
    std::memcpy(v.row, cell, sizeof(v.row));
    return v;
  }
  template <int kShift, int kMask>
  static Int bits(Int v) {
    constexpr std::uint32_t kWide = 0x01010101U * static_cast<std::uint32_t>(kMask);
    return each<Int>([&](int r) { return (v.row[r] >> kShift) & kWide; });
  }
  static Int either(Int a, Int b) {
    return each<Int>([&](int r) { return a.row[r] | b.row[r]; });
  }
  template <int kBit>
  static Int bit_to_4(Int v) {
    return each<Int>([&](int r) { return ((v.row[r] >> kBit) & 0x01010101U) << 2; });
  }
  static Int broadcast(std::int32_t four) {
    return each<Int>([&](int) { return static_cast<std::uint32_t>(four); });
  }
  template <int kBits>
  static Int dot(Int sum, Int codes, Int x) {
    return each<Int>([&](int r) {
      std::int32_t total = static_cast<std::int32_t>(sum.row[r]);
      for (unsigned shift = 0; shift < 32; shift += 8) {
        const auto code = static_cast<std::uint8_t>(codes.row[r] >> shift);
        total += code * static_cast<std::int8_t>(x.row[r] >> shift);
      }
      return static_cast<std::uint32_t>(total);
    });
  }
  static Int add(Int a, Int b) {
    return each<Int>([&](int r) { return a.row[r] + b.row[r]; });
  }
  static Int times_256(Int a) {
    return each<Int>([&](int r) { return a.row[r] << 8; });
  }
  static Float to_float(Int a) {
    return each<Float>(
        [&](int r) { return static_cast<float>(static_cast<std::int32_t>(a.row[r])); });
  }

  static Float float_zero() { return set(0); }
  static Float set(float x) {
    return each<Float>([&](int) { return x; });
  }
  static Float load_steps(const std::uint8_t* halves) {
    std::uint16_t bits[kRows];
    std::memcpy(bits, halves, sizeof(bits));
    return each<Float>([&](int r) { return f16_to_f32(bits[r]); });
  }
  static Float load_zero_points(const std::uint8_t* bytes) {
    return each<Float>([&](int r) { return static_cast<float>(bytes[r]); });
  }
  static Float mul(Float a, Float b) {
    return each<Float>([&](int r) { return a.row[r] * b.row[r]; });
  }
  static Float add(Float a, Float b) {
    return each<Float>([&](int r) { return a.row[r] + b.row[r]; });
  }
  /// Fused like the others', so that every set gives the same bits.
  static Float multiply_add(Float a, Float b, Float c) {
    return each<Float>([&](int r) { return std::fma(a.row[r], b.row[r], c.row[r]); });
  }
  static Float multiply_subtract(Float a, Float b, Float c) {
    return each<Float>([&](int r) { return std::fma(-a.row[r], b.row[r], c.row[r]); });
  }
  static void store(float* out, Float v) { std::memcpy(out, v.row, sizeof(v.row)); }
};

}  // namespace salient::kernels::cpu
