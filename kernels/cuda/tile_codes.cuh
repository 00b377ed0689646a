// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tiles (kernels/tile_layout.h) as tensor-core operands, without arithmetic: masked out of its
// word, a code is the bits of a subnormal half, exactly code · 2^-24 times a power of two that
// depends on its place alone. So the two products of 32 columns take the words' even and odd
// places, each at one scale; scales, steps and zero points are applied to their float32 sums. On a
// Base of kMagic, 1024.0, the same bits are the half 1024 + code times that power of two.

#include "kernels/cuda/instructions.cuh"
#include "kernels/cuda/mma.cuh"
#include "kernels/tile_layout.h"

namespace salient::kernels::cuda {

inline constexpr std::uint32_t kMagic = 0x64006400U;

/// What sums of codes are multiplied with in the end, exactly.
inline constexpr float kCodeUnit = 16777216.0F;

/// The operands of 32 columns: `first` meets columns 0, 1, 4, 5 of a lane's 8, `second` the others.
struct CodeOperands {
  Operand first;
  Operand second;
};

/// Scales by place: of `second`, and of rows 8 … 15.
template <int Bits>
struct CodeScales {
  static constexpr float kSecond = Bits == 8 ? 1.0F : (Bits == 4 ? 1.0F / 16 : 1.0F / 4);
  static constexpr float kUpper = Bits < 4 ? 1.0F / 16 : 1.0F;
};

__device__ __forceinline__ std::uint32_t word_of(const uint4& plane, int word) {
  if (word == 0) return plane.x;
  if (word == 1) return plane.y;
  return word == 2 ? plane.z : plane.w;
}

/// The codes of one lane.
template <int Bits>
struct TileCodes;

template <>
struct TileCodes<4> {
  uint4 planes[2];

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
    planes[0] = reinterpret_cast<const uint4*>(tile)[lane];
    planes[1] = reinterpret_cast<const uint4*>(tile)[lane + 32];
  }
  template <std::uint32_t Base = 0>
  __device__ __forceinline__ CodeOperands quarter(int q) const {
    const std::uint32_t even = word_of(planes[q / 2], q % 2 * 2);
    const std::uint32_t odd = word_of(planes[q / 2], q % 2 * 2 + 1);
    const std::uint32_t even_upper = even >> 8U;
    const std::uint32_t odd_upper = odd >> 8U;
    constexpr std::uint32_t kLow = 0x000F000FU;
    constexpr std::uint32_t kHigh = 0x00F000F0U;
    return {{{and_or(even, kLow, Base), and_or(even_upper, kLow, Base), and_or(odd, kLow, Base),
              and_or(odd_upper, kLow, Base)}},
            {{and_or(even, kHigh, Base), and_or(even_upper, kHigh, Base), and_or(odd, kHigh, Base),
              and_or(odd_upper, kHigh, Base)}}};
  }
};

template <>
struct TileCodes<8> {
  uint4 planes[4];

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
#pragma unroll
    for (int p = 0; p < 4; ++p) planes[p] = reinterpret_cast<const uint4*>(tile)[lane + 32 * p];
  }
  template <std::uint32_t Base = 0>
  __device__ __forceinline__ CodeOperands quarter(int q) const {
    const uint4 words = planes[q];
    constexpr unsigned kLow = 0x5150;
    constexpr unsigned kHigh = 0x5352;
    return {{{__byte_perm(words.x, Base, kLow), __byte_perm(words.y, Base, kLow),
              __byte_perm(words.z, Base, kLow), __byte_perm(words.w, Base, kLow)}},
            {{__byte_perm(words.x, Base, kHigh), __byte_perm(words.y, Base, kHigh),
              __byte_perm(words.z, Base, kHigh), __byte_perm(words.w, Base, kHigh)}}};
  }
};

template <>
struct TileCodes<2> {
  uint4 plane;

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
    plane = reinterpret_cast<const uint4*>(tile)[lane];
  }
  template <std::uint32_t Base = 0>
  __device__ __forceinline__ CodeOperands quarter(int q) const {
    const std::uint32_t even = word_of(plane, q);
    const std::uint32_t odd = even >> 8U;
    return {{{and_or(even, 0x00030003U, Base), and_or(even, 0x00300030U, Base),
              and_or(odd, 0x00030003U, Base), and_or(odd, 0x00300030U, Base)}},
            {{and_or(even, 0x000C000CU, Base), and_or(even, 0x00C000C0U, Base),
              and_or(odd, 0x000C000CU, Base), and_or(odd, 0x00C000C0U, Base)}}};
  }
};

template <>
struct TileCodes<3> {
  TileCodes<2> low;
  uint2 top;

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
    low.load(tile, lane);
    top = reinterpret_cast<const uint2*>(tile + 512)[lane];
  }
  template <std::uint32_t Base = 0>
  __device__ __forceinline__ CodeOperands quarter(int q) const {
    CodeOperands codes = low.quarter<Base>(q);
    const std::uint32_t plane = q / 2 == 0 ? top.x : top.y;
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      const std::uint32_t bits = __funnelshift_r(plane, plane, j + q % 2 * 8);
      std::uint32_t* first = codes.first.part + 2 * j;
      std::uint32_t* second = codes.second.part + 2 * j;
      first[0] = and_or(bits, 0x00040004U, first[0]);
      first[1] = and_or(bits, 0x00400040U, first[1]);
      second[0] = and_or(bits, 0x00100010U, second[0]);
      second[1] = and_or(bits, 0x01000100U, second[1]);
    }
    return codes;
  }
};

}  // namespace salient::kernels::cuda
