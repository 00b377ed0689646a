// SPDX-License-Identifier: Apache-2.0
#pragma once

// Four float32 in plain C++, for machines without AVX2; the names of simd_avx512.h. Multiply and
// add are rounded apart, as no such machine is sure to have FMA.

#include <cmath>
#include <cstdint>

#include "kernels/half.h"

namespace salient::kernels::cpu {

struct Portable {
  static constexpr int kLanes = 4;
  static constexpr int kTileRows = 4;
  struct Vec {
    float lane[kLanes];
  };

  template <class Op>
  static Vec each(Op op) {
    Vec out;
    for (int i = 0; i < kLanes; ++i) out.lane[i] = op(i);
    return out;
  }
  static Vec zero() { return set(0); }
  static Vec set(float x) {
    return each([&](int) { return x; });
  }
  static Vec load(const float* p) {
    return each([&](int i) { return p[i]; });
  }
  static Vec load(const float* p, int n) {
    return each([&](int i) { return i < n ? p[i] : 0.0F; });
  }
  static void store(float* p, Vec v) { store(p, v, kLanes); }
  static void store(float* p, Vec v, int n) {
    for (int i = 0; i < n; ++i) p[i] = v.lane[i];
  }
  static Vec keep(Vec v, Vec other, int n) {
    return each([&](int i) { return i < n ? v.lane[i] : other.lane[i]; });
  }
  static Vec load_f16(const std::uint16_t* p) {
    return each([&](int i) { return f16_to_f32(p[i]); });
  }
  static Vec load_bf16(const std::uint16_t* p) {
    return each([&](int i) { return bf16_to_f32(p[i]); });
  }

  static Vec add(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] + b.lane[i]; });
  }
  static Vec sub(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] - b.lane[i]; });
  }
  static Vec mul(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] * b.lane[i]; });
  }
  static Vec div(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] / b.lane[i]; });
  }
  static Vec fma(Vec a, Vec b, Vec c) {
    return each([&](int i) { return a.lane[i] * b.lane[i] + c.lane[i]; });
  }
  static Vec max(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vec min(Vec a, Vec b) {
    return each([&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vec abs(Vec a) {
    return each([&](int i) { return std::fabs(a.lane[i]); });
  }
  static Vec round(Vec a) {
    return each([&](int i) { return std::nearbyint(a.lane[i]); });
  }
  static Vec round_to_f16(Vec a) {
    return each([&](int i) { return f16_to_f32(f32_to_f16(a.lane[i])); });
  }
  static Vec exp2_int(Vec n) {
    return each([&](int i) { return std::ldexp(1.0F, static_cast<int>(n.lane[i])); });
  }
  static float sum(Vec a) { return (a.lane[0] + a.lane[2]) + (a.lane[1] + a.lane[3]); }
  static float reduce_max(Vec a) {
    float most = a.lane[0];
    for (float x : a.lane) most = x > most ? x : most;
    return most;
  }
  static float reduce_min(Vec a) {
    float least = a.lane[0];
    for (float x : a.lane) least = x < least ? x : least;
    return least;
  }
  static void store_u8(std::uint8_t* p, Vec a) {
    for (int i = 0; i < kLanes; ++i) p[i] = static_cast<std::uint8_t>(a.lane[i]);
  }
  static void add_to(double* p, Vec a) {
    for (int i = 0; i < kLanes; ++i) p[i] += static_cast<double>(a.lane[i]);
  }
  static void transpose(Vec (&m)[kLanes]) {
    for (int i = 0; i < kLanes; ++i) {
      for (int j = 0; j < i; ++j) {
        const float swap = m[i].lane[j];
        m[i].lane[j] = m[j].lane[i];
        m[j].lane[i] = swap;
      }
    }
  }
};

}  // namespace salient::kernels::cpu
