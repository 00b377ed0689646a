// SPDX-License-Identifier: Apache-2.0
#pragma once

// One token's products with the tiles of a block's items, by one warp. All columns of a tensor-core
// product but one are zero, so only four lanes read activations.

#include "kernels/cuda/chain_ring.cuh"
#include "kernels/cuda/tile_product.cuh"

namespace salient::kernels::cuda {

/// Activations of one tile's columns.
template <int Spans>
struct HeldActivations {
  uint4 x[4] = {};  ///< zero but in lanes 0 … 3
  float sums[Spans] = {};
  int tile = -1;

  /// x half [columns] in the order of products, span_sums [columns / 128 · Spans].
  __device__ __forceinline__ void hold(const std::uint8_t* columns, const float* span_sums,
                                       int wanted) {
    if (tile == wanted) return;
    tile = wanted;
    const unsigned lane = threadIdx.x % 32;
    if (lane < 4) {
#pragma unroll
      for (int q = 0; q < 4; ++q) {
        x[q] = *reinterpret_cast<const uint4*>(columns + wanted * 256 + q * 64 + 16 * lane);
      }
    }
#pragma unroll
    for (int s = 0; s < Spans; ++s) sums[s] = span_sums[wanted * Spans + s];
  }
};

template <int Spans>
struct TileSums {
  float first[Spans][4] = {};
  float second[Spans][4] = {};
};

/// A span's steps and zero points of rows g and g + 8, as they are stored.
struct PackedSpan {
  __half2 steps;
  std::uint32_t zeros;

  __device__ __forceinline__ void load(const std::uint8_t* span) {
    const unsigned g = threadIdx.x % 32 / 4;
    steps = *reinterpret_cast<const __half2*>(span + 4 * g);
    zeros = *reinterpret_cast<const std::uint16_t*>(span + 32 + 2 * g);
  }
};

template <int Bits, int Spans>
struct LoadedTile {
  TileCodes<Bits> codes;
  PackedSpan spans[Spans];

  __device__ __forceinline__ void load(const std::uint8_t* tile) {
    codes.load(tile, static_cast<int>(threadIdx.x % 32));
#pragma unroll
    for (int s = 0; s < Spans; ++s) {
      spans[s].load(tile + Bits * 256 + s * TiledShape::kSpanBytes);
    }
  }
  __device__ __forceinline__ void multiply(int q, const HeldActivations<Spans>& held,
                                           TileSums<Spans>& sums) const {
    const CodeOperands operands = codes.quarter(q);
    multiply_add(sums.first[q * Spans / 4], operands.first, held.x[q].x, held.x[q].y);
    multiply_add(sums.second[q * Spans / 4], operands.second, held.x[q].z, held.x[q].w);
  }
  /// Takes zero points off and applies steps; lanes 4 g hold rows g and g + 8.
  __device__ __forceinline__ void finish(const HeldActivations<Spans>& held,
                                         const TileSums<Spans>& sums, float (&total)[2]) const {
    using Scales = CodeScales<Bits>;
    constexpr std::uint32_t kExponent = 0x4B000000U;
#pragma unroll
    for (int s = 0; s < Spans; ++s) {
#pragma unroll
      for (int h = 0; h < 2; ++h) {
        const float scale = h == 0 ? 1.0F : Scales::kUpper;
        float sum =
            fmaf(sums.second[s][2 * h], Scales::kSecond * scale, sums.first[s][2 * h] * scale);
        // A byte below the exponent of 2^23 is the float 2^23 + byte.
        const float zero_point =
            __uint_as_float(__byte_perm(spans[s].zeros, kExponent, h == 0 ? 0x7550 : 0x7551)) -
            8388608.0F;
        sum = fmaf(-zero_point, held.sums[s], sum);
        const float step = h == 0 ? __low2float(spans[s].steps) : __high2float(spans[s].steps);
        total[h] = fmaf(step, sum, total[h]);
      }
    }
  }
};

/// What one warp multiplies in one stage.
struct ChainProducts {
  const std::uint8_t* x;
  const float* span_sums;
  float* partial;  ///< PassSums
  int tiles;       ///< of an item
  int items;
};

/// Returns the place of the next chunk.
template <int Bits, int Spans>
__device__ __forceinline__ ChunkPlace multiply_items(ChainRing<Bits, Spans> ring,
                                                     ChainProducts products) {
  constexpr int kWarps = StreamPlan::kWarps;
  const int warp = static_cast<int>(threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  HeldActivations<Spans> held;
  float* mine = products.partial + warp * TiledShape::kRows + lane / 4;
  int tile = warp;
  for (int item = 0; item < products.items; ++item) {
    float total[2] = {};
#pragma unroll 1
    while (tile < products.tiles) {
      held.hold(products.x, products.span_sums, tile);
      LoadedTile<Bits, Spans> one;
      one.load(ring.enter());
      ring.leave();
      TileSums<Spans> sums;
#pragma unroll
      for (int q = 0; q < 4; ++q) one.multiply(q, held, sums);
      one.finish(held, sums, total);
      tile += kWarps;
    }
    if (lane % 4 == 0) {
      mine[0] = total[0] * kCodeUnit;
      mine[8] = total[1] * kCodeUnit;
    }
    mine += kWarps * TiledShape::kRows;
    tile -= products.tiles;
  }
  // The last chunk may have no tile for this warp.
  const int rest = products.items * products.tiles % kWarps;
  if (rest != 0 && rest <= warp) {
    ring.enter();
    ring.leave();
  }
  return ring.place();
}

}  // namespace salient::kernels::cuda
