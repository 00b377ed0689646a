// SPDX-License-Identifier: Apache-2.0
#pragma once

// One vector of float32 on AVX-512. The three simd_*.h offer the same names, so that a kernel is
// written once as a template over them. Include only from sources compiled for this set.

#include <cstdint>

#include <immintrin.h>

namespace salient::kernels::cpu {

struct Avx512 {
  using Vec = __m512;
  static constexpr int kLanes = 16;
  /// Rows of a matmul tile: 8 x 3 accumulators, 3 columns of b and a broadcast fit 32 registers.
  static constexpr int kTileRows = 8;

  static __mmask16 first(int n) {
    return static_cast<__mmask16>((1U << static_cast<unsigned>(n)) - 1U);
  }
  static Vec zero() { return _mm512_setzero_ps(); }
  static Vec set(float x) { return _mm512_set1_ps(x); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  /// The first n lanes, the others zero; n in 0 … kLanes.
  static Vec load(const float* p, int n) { return _mm512_maskz_loadu_ps(first(n), p); }
  static void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
  static void store(float* p, Vec v, int n) { _mm512_mask_storeu_ps(p, first(n), v); }
  /// The first n lanes of v, the others `other`.
  static Vec keep(Vec v, Vec other, int n) { return _mm512_mask_mov_ps(other, first(n), v); }
  static Vec load_f16(const std::uint16_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static Vec load_bf16(const std::uint16_t* p) {
    const __m512i wide =
        _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
  }

  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
  /// a * b + c.
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  /// When a is NaN the result is b: clamping never lets a NaN through.
  static Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
  static Vec abs(Vec a) { return _mm512_abs_ps(a); }
  /// To the nearest integer, ties to even.
  static Vec round(Vec a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  /// To the nearest float16 and back.
  static Vec round_to_f16(Vec a) {
    return _mm512_cvtph_ps(_mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  /// 2^n for integral n in -126 … 127.
  static Vec exp2_int(Vec n) {
    const __m512i biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(biased, 23));
  }
  static float sum(Vec a) { return _mm512_reduce_add_ps(a); }
  static float reduce_max(Vec a) { return _mm512_reduce_max_ps(a); }
  static float reduce_min(Vec a) { return _mm512_reduce_min_ps(a); }
  /// Integral lanes in 0 … 255 as bytes.
  static void store_u8(std::uint8_t* p, Vec a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(a)));
  }
  /// p[0 … kLanes-1] += a, in float64.
  static void add_to(double* p, Vec a) {
    _mm512_storeu_pd(p,
                     _mm512_add_pd(_mm512_loadu_pd(p), _mm512_cvtps_pd(_mm512_castps512_ps256(a))));
    _mm512_storeu_pd(p + 8, _mm512_add_pd(_mm512_loadu_pd(p + 8),
                                          _mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1))));
  }

  /// m[i] lane j <-> m[j] lane i: 64 shuffles for 256 numbers.
  static void transpose(Vec (&m)[kLanes]) {
    Vec t[kLanes];
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_ps(m[i], m[i + 1]);
      t[i + 1] = _mm512_unpackhi_ps(m[i], m[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
      m[i] = unpack_low(t[i], t[i + 2]);
      m[i + 1] = unpack_high(t[i], t[i + 2]);
      m[i + 2] = unpack_low(t[i + 1], t[i + 3]);
      m[i + 3] = unpack_high(t[i + 1], t[i + 3]);
    }
    for (int half = 0; half < 16; half += 8) {
      for (int i = half; i < half + 4; ++i) {
        t[i] = _mm512_shuffle_f32x4(m[i], m[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(m[i], m[i + 4], 0xDD);
      }
    }
    for (int i = 0; i < 8; ++i) {
      m[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
      m[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xDD);
    }
  }

 private:
  static Vec unpack_low(Vec a, Vec b) {
    return _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  }
  static Vec unpack_high(Vec a, Vec b) {
    return _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
  }
};

}  // namespace salient::kernels::cpu
