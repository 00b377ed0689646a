// SPDX-License-Identifier: Apache-2.0
#pragma once

// Integer vectors of the packed linears on AVX-512 with VNNI. The three dot_*.h offer the same
// names. Include only from sources compiled for this set.

#include <cstdint>

#include <immintrin.h>

namespace salient::kernels::cpu {

struct DotAvx512 {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int kRows = 16;  ///< rows of a cell that one vector holds
  static constexpr int kRowVectors = 2;
  static constexpr int kTokens = 4;

  static Int zero() { return _mm512_setzero_si512(); }
  static Int load(const std::uint8_t* cell) { return _mm512_loadu_si512(cell); }
  /// Bytes (v >> shift) & mask.
  template <int kShift, int kMask>
  static Int bits(Int v) {
    const Int shifted = kShift == 0 ? v : _mm512_srli_epi16(v, kShift);
    return kMask == 255 ? shifted
                        : _mm512_and_si512(shifted, _mm512_set1_epi8(static_cast<char>(kMask)));
  }
  static Int either(Int a, Int b) { return _mm512_or_si512(a, b); }
  /// Byte-wise (v bit kBit) << 2.
  template <int kBit>
  static Int bit_to_4(Int v) {
    constexpr auto kRight = static_cast<unsigned>(kBit >= 2 ? kBit - 2 : 0);
    constexpr auto kLeft = static_cast<unsigned>(kBit >= 2 ? 0 : 2 - kBit);
    const Int moved = kBit >= 2 ? _mm512_srli_epi16(v, kRight) : _mm512_slli_epi16(v, kLeft);
    return _mm512_and_si512(moved, _mm512_set1_epi8(4));
  }
  static Int broadcast(std::int32_t four) { return _mm512_set1_epi32(four); }
  /// sum + the four unsigned codes of each row times four signed activations.
  template <int kBits>
  static Int dot(Int sum, Int codes, Int x) {
    return _mm512_dpbusd_epi32(sum, codes, x);
  }
  static Int add(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static Int times_256(Int a) { return _mm512_slli_epi32(a, 8); }
  static Float to_float(Int a) { return _mm512_cvtepi32_ps(a); }

  static Float float_zero() { return _mm512_setzero_ps(); }
  static Float set(float x) { return _mm512_set1_ps(x); }
  static Float load_steps(const std::uint8_t* halves) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves)));
  }
  static Float load_zero_points(const std::uint8_t* bytes) {
    return _mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))));
  }
  static Float mul(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  /// a * b + c, c - a * b.
  static Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float multiply_subtract(Float a, Float b, Float c) { return _mm512_fnmadd_ps(a, b, c); }
  static void store(float* out, Float v) { _mm512_storeu_ps(out, v); }
};

}  // namespace salient::kernels::cpu
