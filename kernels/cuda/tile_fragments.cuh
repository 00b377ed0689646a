// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tiles (kernels/tile_layout.h) as tensor-core operands. A code lands in the low mantissa bits of
// 1024.0 by one mask, which makes it the half 1024 + m · code, m = 4^i or 16^i by its place; one
// fused multiply-add then gives code - zero point, exactly. Steps are left to the caller, so that
// products are exact too.

#include <cuda_fp16.h>

#include "kernels/cuda/instructions.cuh"
#include "kernels/tile_layout.h"

namespace salient::kernels::cuda {

inline constexpr std::uint32_t kMagic = 0x64006400U;  ///< two halves 1024.0

__device__ __forceinline__ __half2 as_half2(std::uint32_t bits) {
  return *reinterpret_cast<const __half2*>(&bits);
}
__device__ __forceinline__ std::uint32_t as_bits(__half2 value) {
  return *reinterpret_cast<const std::uint32_t*>(&value);
}

/// Step and zero point of rows g and g + 8 for one span of columns.
struct SpanParameters {
  __half2 steps;      ///< rows g, g + 8
  __half2 offset[2];  ///< -(1024 + zero point), for g and for g + 8

  __device__ __forceinline__ void load(const std::uint8_t* span, int g) {
    steps = *reinterpret_cast<const __half2*>(span + 4 * g);
    const std::uint32_t zeros = *reinterpret_cast<const std::uint16_t*>(span + 32 + 2 * g);
    offset[0] = as_half2(__byte_perm(zeros, 0xE4E4E4E4U, 0x4040));
    offset[1] = as_half2(__byte_perm(zeros, 0xE4E4E4E4U, 0x4141));
  }
};

/// The codes of one lane, and the fragment of product j. `a` receives code - zero point.
template <int Bits>
struct TileCodes;

template <>
struct TileCodes<4> {
  uint4 planes[2];

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
    planes[0] = reinterpret_cast<const uint4*>(tile)[lane];
    planes[1] = reinterpret_cast<const uint4*>(tile)[lane + 32];
  }
  __device__ __forceinline__ void fragment(int j, const SpanParameters& span,
                                           std::uint32_t (&a)[4]) const {
    const uint4 plane = planes[j / 4];
    const std::uint32_t word =
        j % 4 == 0 ? plane.x : (j % 4 == 1 ? plane.y : (j % 4 == 2 ? plane.z : plane.w));
    const std::uint32_t next = word >> 8U;
    const __half2 sixteenth = __float2half2_rn(1.0F / 16);
    const __half2 shift = __float2half2_rn(960.0F);
    a[0] = as_bits(__hadd2(as_half2(and_or(word, 0x000F000FU, kMagic)), span.offset[0]));
    a[1] = as_bits(__hadd2(as_half2(and_or(next, 0x000F000FU, kMagic)), span.offset[1]));
    a[2] = as_bits(__hfma2(as_half2(and_or(word, 0x00F000F0U, kMagic)), sixteenth,
                           __hadd2(span.offset[0], shift)));
    a[3] = as_bits(__hfma2(as_half2(and_or(next, 0x00F000F0U, kMagic)), sixteenth,
                           __hadd2(span.offset[1], shift)));
  }
};

template <>
struct TileCodes<8> {
  uint4 planes[4];

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
#pragma unroll
    for (int p = 0; p < 4; ++p) planes[p] = reinterpret_cast<const uint4*>(tile)[lane + 32 * p];
  }
  __device__ __forceinline__ void fragment(int j, const SpanParameters& span,
                                           std::uint32_t (&a)[4]) const {
    const uint4 plane = planes[j / 2];
    const std::uint32_t first = j % 2 == 0 ? plane.x : plane.z;
    const std::uint32_t second = j % 2 == 0 ? plane.y : plane.w;
    a[0] = as_bits(__hadd2(as_half2(__byte_perm(first, kMagic, 0x5150)), span.offset[0]));
    a[1] = as_bits(__hadd2(as_half2(__byte_perm(second, kMagic, 0x5150)), span.offset[1]));
    a[2] = as_bits(__hadd2(as_half2(__byte_perm(first, kMagic, 0x5352)), span.offset[0]));
    a[3] = as_bits(__hadd2(as_half2(__byte_perm(second, kMagic, 0x5352)), span.offset[1]));
  }
};

/// Four halves 1024 + code, 1024 + 4 code, 1024 + 16 code, 1024 + 64 code -> code - zero point.
__device__ __forceinline__ void subtract_zero_points(const SpanParameters& span,
                                                     std::uint32_t (&a)[4]) {
  a[0] = as_bits(__hadd2(as_half2(a[0]), span.offset[0]));
  a[2] = as_bits(__hfma2(as_half2(a[2]), __float2half2_rn(1.0F / 4),
                         __hadd2(span.offset[0], __float2half2_rn(768.0F))));
  a[1] = as_bits(__hfma2(as_half2(a[1]), __float2half2_rn(1.0F / 16),
                         __hadd2(span.offset[1], __float2half2_rn(960.0F))));
  a[3] = as_bits(__hfma2(as_half2(a[3]), __float2half2_rn(1.0F / 64),
                         __hadd2(span.offset[1], __float2half2_rn(1008.0F))));
}

template <>
struct TileCodes<2> {
  uint4 plane;

  __device__ __forceinline__ void load(const std::uint8_t* tile, int lane) {
    plane = reinterpret_cast<const uint4*>(tile)[lane];
  }
  __device__ __forceinline__ std::uint32_t word(int j) const {
    const std::uint32_t pair =
        j / 2 == 0 ? plane.x : (j / 2 == 1 ? plane.y : (j / 2 == 2 ? plane.z : plane.w));
    return j % 2 == 0 ? pair : pair >> 8U;
  }
  __device__ __forceinline__ void fragment(int j, const SpanParameters& span,
                                           std::uint32_t (&a)[4]) const {
    const std::uint32_t low = word(j);
    a[0] = and_or(low, 0x00030003U, kMagic);
    a[2] = and_or(low, 0x000C000CU, kMagic);
    a[1] = and_or(low, 0x00300030U, kMagic);
    a[3] = and_or(low, 0x00C000C0U, kMagic);
    subtract_zero_points(span, a);
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
  __device__ __forceinline__ void fragment(int j, const SpanParameters& span,
                                           std::uint32_t (&a)[4]) const {
    const std::uint32_t word = low.word(j);
    const std::uint32_t plane = j / 4 == 0 ? top.x : top.y;
    const std::uint32_t bits = __funnelshift_r(plane, plane, j % 2 + j / 2 % 2 * 8);
    a[0] = and_or(bits, 0x00040004U, and_or(word, 0x00030003U, kMagic));
    a[2] = and_or(bits, 0x00100010U, and_or(word, 0x000C000CU, kMagic));
    a[1] = and_or(bits, 0x00400040U, and_or(word, 0x00300030U, kMagic));
    a[3] = and_or(bits, 0x01000100U, and_or(word, 0x00C000C0U, kMagic));
    subtract_zero_points(span, a);
  }
};

}  // namespace salient::kernels::cuda
