// SPDX-License-Identifier: Apache-2.0
#pragma once

// y = x Wᵀ + bias with W in the layout of kernels/packed_layout.h. Activations become integers per
// block of k (one group, at most 128): one signed byte (Int8), or three bytes, 24 bits against the
// block's largest magnitude, which is float32's own precision (Exact). Products with the codes are
// summed in int32 without any rounding; the zero point is taken off the sums; then step and
// activation scale are applied and blocks are added in float32, in order. Rows of a batch, threads
// and instruction sets therefore do not change a bit.

#include <cstdint>

#include "kernels/cpu/matmul.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/packed_layout.h"

namespace salient::kernels::cpu {

inline constexpr std::int64_t kLargestBlock = 128;
inline constexpr int kExactParts = 3;
inline constexpr int kInt8Parts = 1;

/// One token's activations as integers: byte planes, most significant first, and per block the
/// scale and the sums that zero points are multiplied with.
struct ActivationBlock {
  float scale;  ///< x = integer · scale
  float high;   ///< sum of the first plane
  float low;    ///< sum of 256 · second + third plane
  float padding;
};

struct ActivationLayout {
  std::int64_t in_features;
  std::int64_t block;  ///< k of one integer sum, a multiple of 32 unless one block spans the row
  int parts;

  static ActivationLayout of(const PackedShape& shape, int parts) {
    const std::int64_t block = shape.group_size < kLargestBlock ? shape.group_size : kLargestBlock;
    return {shape.in_features, block, parts};
  }
  std::int64_t plane() const {
    return (in_features + PackedShape::kChunk - 1) / PackedShape::kChunk * PackedShape::kChunk;
  }
  std::int64_t blocks() const { return (in_features + block - 1) / block; }
  /// Bytes of one token: planes, then blocks.
  std::int64_t token_bytes() const {
    return plane() * parts + blocks() * static_cast<std::int64_t>(sizeof(ActivationBlock));
  }
  bool operator==(const ActivationLayout&) const = default;
};

struct PackedProblem {
  PackedShape shape;
  const std::uint8_t* packed;  ///< [shape.bytes()]
  ActivationLayout layout;
  const std::uint8_t* activations;  ///< [tokens, layout.token_bytes()]
  std::int64_t tokens;
  const float* bias;  ///< [out_features] or nullptr
  float* y;           ///< [tokens, out_features]
  Store store;
};

/// Codes [out, in], steps and zero points [out, groups] -> packed [shape.bytes()], zeroed by
/// caller.
void pack_matrix(const PackedShape& shape, const std::uint8_t* codes, const std::uint16_t* steps,
                 const std::uint8_t* zero_points, std::uint8_t* packed);
/// Row `row` as float32, exactly (code - zero point) · step.
void unpack_row(const PackedShape& shape, const std::uint8_t* packed, std::int64_t row, float* out);

/// Blocks begin…end-1 of 16 rows, all tokens.
void packed_rows_portable(const PackedProblem& problem, std::int64_t begin, std::int64_t end);
#if defined(__x86_64__)
void packed_rows_avx2(const PackedProblem& problem, std::int64_t begin, std::int64_t end);
void packed_rows_avx512(const PackedProblem& problem, std::int64_t begin, std::int64_t end);
#endif

}  // namespace salient::kernels::cpu
