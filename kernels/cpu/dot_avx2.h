// SPDX-License-Identifier: Apache-2.0
#pragma once

// Integer vectors of the packed linears on AVX2; the names of dot_avx512.h.

#include <cstdint>

#include <immintrin.h>

namespace salient::kernels::cpu {

struct DotAvx2 {
  using Int = __m256i;
  using Float = __m256;
  static constexpr int kRows = 8;
  static constexpr int kRowVectors = 1;
  static constexpr int kTokens = 2;

  static Int zero() { return _mm256_setzero_si256(); }
  static Int load(const std::uint8_t* cell) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(cell));
  }
  template <int kShift, int kMask>
  static Int bits(Int v) {
    const Int shifted = kShift == 0 ? v : _mm256_srli_epi16(v, kShift);
    return kMask == 255 ? shifted
                        : _mm256_and_si256(shifted, _mm256_set1_epi8(static_cast<char>(kMask)));
  }
  static Int either(Int a, Int b) { return _mm256_or_si256(a, b); }
  template <int kBit>
  static Int bit_to_4(Int v) {
    const Int moved = kBit >= 2 ? _mm256_srli_epi16(v, kBit >= 2 ? kBit - 2 : 0)
                                : _mm256_slli_epi16(v, kBit >= 2 ? 0 : 2 - kBit);
    return _mm256_and_si256(moved, _mm256_set1_epi8(4));
  }
  static Int broadcast(std::int32_t four) { return _mm256_set1_epi32(four); }
  template <int kBits>
  static Int dot(Int sum, Int codes, Int x) {
    if constexpr (kBits <= 4) return add(sum, small_dot(codes, x));
    // Pairs of products of 8-bit codes do not fit 16 bits: one nibble at a time.
    const Int high = _mm256_slli_epi32(small_dot(bits<4, 15>(codes), x), 4);
    return add(sum, add(high, small_dot(bits<0, 15>(codes), x)));
  }
  static Int add(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static Int times_256(Int a) { return _mm256_slli_epi32(a, 8); }
  static Float to_float(Int a) { return _mm256_cvtepi32_ps(a); }

  static Float float_zero() { return _mm256_setzero_ps(); }
  static Float set(float x) { return _mm256_set1_ps(x); }
  static Float load_steps(const std::uint8_t* halves) {
    return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(halves)));
  }
  static Float load_zero_points(const std::uint8_t* bytes) {
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(bytes))));
  }
  static Float mul(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm256_fmadd_ps(a, b, c); }
  static Float multiply_subtract(Float a, Float b, Float c) { return _mm256_fnmadd_ps(a, b, c); }
  static void store(float* out, Float v) { _mm256_storeu_ps(out, v); }

 private:
  /// Codes below 16: a pair of products is at most 2 · 15 · 128 and fits 16 bits.
  static Int small_dot(Int codes, Int x) {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(codes, x), _mm256_set1_epi16(1));
  }
};

}  // namespace salient::kernels::cpu
