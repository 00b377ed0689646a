// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one register tile behind every dense product: c[rows, kVecs vectors] (+)= a · b with b packed
// as [k, kVecs vectors]. Each element is one chain of fused multiply-adds over k in order, so its
// bits do not depend on where in a tile, a batch or a thread's share it was computed.
//
// 8 x 3 accumulators of AVX-512 hide the latency of the multiply-add (4 cycles, 2 a cycle) three
// times over; a step of k loads 3 vectors and 8 broadcasts for 24 multiply-adds, so that the loads
// take half of the load ports.

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/number.h"
#include "kernels/half.h"

namespace salient::kernels::cpu {

/// Where a's element (row, k) lies: a[row·lda + k] or a[k·lda + row].
enum class Along { Row, Column };
enum class Start { Zero, FromC };

template <class S, int kWidth = 3>
struct Tile {
  using Vec = typename S::Vec;
  static constexpr int kVecs = kWidth;
  static constexpr int kRows = S::kTileRows;
  static constexpr int kCols = kVecs * S::kLanes;

  struct Args {
    const float* a;
    std::int64_t lda;
    const float* b;  ///< [k, ldb], kCols of each row are read
    std::int64_t ldb = kCols;
    float* c;  ///< [rows, ldc]
    std::int64_t ldc;
    std::int64_t k;
    Start start;
  };

  template <Along kAlong>
  static void run(int rows, const Args& args) {
    dispatch<kAlong, kRows>(rows, args);
  }

 private:
  template <Along kAlong, int kHeight>
  static void dispatch(int rows, const Args& args) {
    if constexpr (kHeight > 0) {
      if (rows == kHeight) {
        fixed<kAlong, kHeight>(args);
      } else {
        dispatch<kAlong, kHeight - 1>(rows, args);
      }
    }
  }

  template <Along kAlong, int kHeight>
  static void fixed(const Args& args) {
    Vec sums[std::size_t{kHeight}][std::size_t{kVecs}];
    for (int r = 0; r < kHeight; ++r) {
      for (int v = 0; v < kVecs; ++v) {
        const float* from = args.c + r * args.ldc + v * S::kLanes;
        sums[r][v] = args.start == Start::Zero ? S::zero() : S::load(from);
      }
    }
    const float* a = args.a;
    const float* b = args.b;
    for (std::int64_t k = 0; k < args.k;
         ++k, b += args.ldb, a += kAlong == Along::Row ? 1 : args.lda) {
      Vec columns[std::size_t{kVecs}];
      for (int v = 0; v < kVecs; ++v) columns[v] = S::load(b + v * S::kLanes);
#pragma GCC unroll 8
      for (int r = 0; r < kHeight; ++r) {
        const Vec x = S::set(kAlong == Along::Row ? a[r * args.lda] : a[r]);
        for (int v = 0; v < kVecs; ++v) sums[r][v] = S::fma(x, columns[v], sums[r][v]);
      }
    }
    for (int r = 0; r < kHeight; ++r) {
      for (int v = 0; v < kVecs; ++v) S::store(args.c + r * args.ldc + v * S::kLanes, sums[r][v]);
    }
  }
};

/// One vector of weights at `index`, converted.
template <class S>
typename S::Vec load_number(const void* data, Number number, std::int64_t index) {
  if (number == Number::F32) return S::load(static_cast<const float*>(data) + index);
  const auto* halves = static_cast<const std::uint16_t*>(data) + index;
  return number == Number::F16 ? S::load_f16(halves) : S::load_bf16(halves);
}

inline float number_at(const void* data, Number number, std::int64_t index) {
  if (number == Number::F32) return static_cast<const float*>(data)[index];
  const std::uint16_t bits = static_cast<const std::uint16_t*>(data)[index];
  return number == Number::F16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

/// A block of `count` rows (at most kLanes) of a row-major matrix, turned: out[k, stride] with the
/// rows as lanes, zero beyond count. Short rows are streams that the hardware's prefetchers do not
/// follow, so each load asks for the place that the next block of rows will read.
template <class S>
void pack_turned(const void* data, Number number, std::int64_t first, std::int64_t ld, int count,
                 std::int64_t depth, float* out, std::int64_t stride) {
  constexpr int kLanes = S::kLanes;
  const std::int64_t bytes = number == Number::F32 ? 4 : 2;
  const char* ahead = static_cast<const char*>(data) + (first + kLanes * ld) * bytes;
  std::int64_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) {
    typename S::Vec block[std::size_t{kLanes}];
    for (int r = 0; r < kLanes; ++r) {
      __builtin_prefetch(ahead + (r * ld + k) * bytes);
      block[r] = r < count ? load_number<S>(data, number, first + r * ld + k) : S::zero();
    }
    S::transpose(block);
    for (int i = 0; i < kLanes; ++i) S::store(out + (k + i) * stride, block[i]);
  }
  for (; k < depth; ++k) {
    for (int r = 0; r < kLanes; ++r) {
      out[k * stride + r] = r < count ? number_at(data, number, first + r * ld + k) : 0.0F;
    }
  }
}

}  // namespace salient::kernels::cpu
