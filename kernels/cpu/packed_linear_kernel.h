// SPDX-License-Identifier: Apache-2.0
#pragma once

// A tile is kRowVecs vectors of rows times kTokens tokens. Per cell of 64 bytes: one load, a mask
// and a shift for each group of four k, and per token and plane one dot product with a broadcast of
// four activations. Four-bit decode with one plane needs 6 instructions for 128 weights, with three
// planes 10, so both wait for memory. The rows of a tile are short streams that the hardware's
// prefetchers do not follow: asking for the next tile's cells took one thread from 25 to 43 GB/s.

#include <cstring>

#include "kernels/cpu/packed_linear.h"

namespace salient::kernels::cpu {

template <class D, int kBits, int kRowVecs, int kTokens, int kParts>
class PackedTile {
 public:
  /// rows: the first of kRowVecs · D::kRows rows, inside the matrix after rounding up to 16.
  static void run(const PackedProblem& problem, std::int64_t row, std::int64_t token) {
    PackedTile tile(problem, row, token);
    const ActivationLayout& layout = problem.layout;
    for (std::int64_t block = 0; block < layout.blocks(); ++block) tile.add_block(block);
    tile.finish(row, token);
  }

 private:
  using Int = typename D::Int;
  using Float = typename D::Float;
  static constexpr std::int64_t kCell = PackedShape::kCell;

  PackedTile(const PackedProblem& problem, std::int64_t row, std::int64_t token)
      : p_(problem),
        chunks_(problem.shape.chunks()),
        plane_(problem.layout.plane()),
        steps_at_(problem.shape.steps_at()),
        zero_points_at_(problem.shape.zero_points_at()),
        ahead_(problem.shape.block_bytes() * kRowVecs * D::kRows / PackedShape::kRows) {
    for (int v = 0; v < kRowVecs; ++v) {
      const std::int64_t first = row + v * D::kRows;
      const std::uint8_t* block = p_.packed + first / PackedShape::kRows * p_.shape.block_bytes();
      blocks_[v] = block;
      lanes_[v] = first % PackedShape::kRows;
      for (int t = 0; t < kTokens; ++t) totals_[v][t] = D::float_zero();
    }
    for (int t = 0; t < kTokens; ++t) {
      x_[t] = p_.activations + (token + t) * p_.layout.token_bytes();
    }
  }

  struct Sums {
    Int of[std::size_t{kRowVecs}][std::size_t{kTokens}][std::size_t{kParts}];
  };

  /// sums += codes (four k from `k` on) · activations.
  void multiply(Sums& sums, const Int (&codes)[std::size_t{kRowVecs}], std::int64_t k) const {
    for (int t = 0; t < kTokens; ++t) {
      for (int part = 0; part < kParts; ++part) {
        std::int32_t four;
        std::memcpy(&four, x_[t] + part * plane_ + k, sizeof(four));
        const Int x = D::broadcast(four);
        for (int v = 0; v < kRowVecs; ++v) {
          sums.of[v][t][part] = D::template dot<kBits>(sums.of[v][t][part], codes[v], x);
        }
      }
    }
  }

  /// Four k: cell `cell` of the chunk, bits from `kShift` on, for every row vector.
  template <int kShift>
  void step(Sums& sums, std::int64_t chunk, int cell, std::int64_t k) const {
    Int codes[std::size_t{kRowVecs}];
    for (int v = 0; v < kRowVecs; ++v) {
      const std::uint8_t* at = blocks_[v] + chunk * kCell * kBits + lanes_[v] * 4;
      constexpr int kLow = kBits == 3 ? 2 : kBits;
      if constexpr (kTokens == 1 && kShift == 0) __builtin_prefetch(at + cell * kCell + ahead_);
      codes[v] = D::template bits<kShift, (1 << kLow) - 1>(D::load(at + cell * kCell));
      if constexpr (kBits == 3) add_top_bit(codes[v], D::load(at + 2 * kCell), cell, kShift / 2);
    }
    multiply(sums, codes, k);
  }

  static void add_top_bit(Int& codes, Int tops, int cell, int nibble) {
    switch (cell * 4 + nibble) {
      case 0:
        codes = D::either(codes, D::template bit_to_4<0>(tops));
        return;
      case 1:
        codes = D::either(codes, D::template bit_to_4<1>(tops));
        return;
      case 2:
        codes = D::either(codes, D::template bit_to_4<2>(tops));
        return;
      case 3:
        codes = D::either(codes, D::template bit_to_4<3>(tops));
        return;
      case 4:
        codes = D::either(codes, D::template bit_to_4<4>(tops));
        return;
      case 5:
        codes = D::either(codes, D::template bit_to_4<5>(tops));
        return;
      case 6:
        codes = D::either(codes, D::template bit_to_4<6>(tops));
        return;
      default:
        codes = D::either(codes, D::template bit_to_4<7>(tops));
        return;
    }
  }

  void add_chunk(Sums& sums, std::int64_t chunk) const {
    const std::int64_t k = chunk * PackedShape::kChunk;
    if constexpr (kBits == 8) {
#pragma GCC unroll 8
      for (int cell = 0; cell < 8; ++cell) step<0>(sums, chunk, cell, k + cell * 4);
    } else if constexpr (kBits == 4) {
#pragma GCC unroll 4
      for (int cell = 0; cell < 4; ++cell) {
        step<0>(sums, chunk, cell, k + cell * 8);
        step<4>(sums, chunk, cell, k + cell * 8 + 4);
      }
    } else {
#pragma GCC unroll 2
      for (int cell = 0; cell < 2; ++cell) {
        step<0>(sums, chunk, cell, k + cell * 16);
        step<2>(sums, chunk, cell, k + cell * 16 + 4);
        step<4>(sums, chunk, cell, k + cell * 16 + 8);
        step<6>(sums, chunk, cell, k + cell * 16 + 12);
      }
    }
  }

  void add_block(std::int64_t block) {
    Sums sums;
    for (int v = 0; v < kRowVecs; ++v) {
      for (int t = 0; t < kTokens; ++t) {
        for (int part = 0; part < kParts; ++part) sums.of[v][t][part] = D::zero();
      }
    }
    const std::int64_t first = block * p_.layout.block;
    const std::int64_t last = first + p_.layout.block;
    const std::int64_t end =
        last / PackedShape::kChunk < chunks_ ? last / PackedShape::kChunk : chunks_;
    const std::int64_t stop = block + 1 == p_.layout.blocks() ? chunks_ : end;
    for (std::int64_t chunk = first / PackedShape::kChunk; chunk < stop; ++chunk) {
      add_chunk(sums, chunk);
    }
    apply_steps(sums, block, first / p_.shape.group_size);
  }

  void apply_steps(const Sums& sums, std::int64_t block, std::int64_t group) {
    for (int v = 0; v < kRowVecs; ++v) {
      const std::int64_t slot = group * PackedShape::kRows + lanes_[v];
      const Float step = D::load_steps(blocks_[v] + steps_at_ + slot * 2);
      const Float zero = D::load_zero_points(blocks_[v] + zero_points_at_ + slot);
      for (int t = 0; t < kTokens; ++t) {
        ActivationBlock x;
        std::memcpy(&x, x_[t] + plane_ * kParts + block * std::int64_t{sizeof(x)}, sizeof(x));
        Float value = D::multiply_subtract(zero, D::set(x.high), D::to_float(sums.of[v][t][0]));
        if constexpr (kParts == kExactParts) {
          const Int joined = D::add(D::times_256(sums.of[v][t][1]), sums.of[v][t][2]);
          const Float low = D::multiply_subtract(zero, D::set(x.low), D::to_float(joined));
          value = D::multiply_add(value, D::set(65536.0F), low);
        }
        totals_[v][t] = D::multiply_add(D::mul(step, D::set(x.scale)), value, totals_[v][t]);
      }
    }
  }

  void finish(std::int64_t row, std::int64_t token) const {
    for (int v = 0; v < kRowVecs; ++v) {
      const std::int64_t first = row + v * D::kRows;
      const std::int64_t left = p_.shape.out_features - first;
      const std::int64_t count = left < D::kRows ? left : D::kRows;
      for (int t = 0; t < kTokens; ++t) {
        float values[std::size_t{D::kRows}];
        D::store(values, totals_[v][t]);
        float* y = p_.y + (token + t) * p_.shape.out_features + first;
        for (std::int64_t i = 0; i < count; ++i) {
          const float value = p_.bias == nullptr ? values[i] : values[i] + p_.bias[first + i];
          y[i] = p_.store == Store::Add ? y[i] + value : value;
        }
      }
    }
  }

  const PackedProblem& p_;
  std::int64_t chunks_;
  std::int64_t plane_;
  std::int64_t steps_at_;
  std::int64_t zero_points_at_;
  std::int64_t ahead_;  ///< from a cell to the one that the next tile reads at the same place
  const std::uint8_t* blocks_[std::size_t{kRowVecs}];
  std::int64_t lanes_[std::size_t{kRowVecs}];
  const std::uint8_t* x_[std::size_t{kTokens}];
  Float totals_[std::size_t{kRowVecs}][std::size_t{kTokens}];
};

/// All tokens against kRowVecs vectors of rows; the codes stay in the first-level cache.
template <class D, int kBits, int kRowVecs, int kParts>
void packed_tokens(const PackedProblem& problem, std::int64_t row) {
  std::int64_t t = 0;
  for (; t + D::kTokens <= problem.tokens; t += D::kTokens) {
    PackedTile<D, kBits, kRowVecs, D::kTokens, kParts>::run(problem, row, t);
  }
  for (; t < problem.tokens; ++t) PackedTile<D, kBits, kRowVecs, 1, kParts>::run(problem, row, t);
}

template <class D, int kBits, int kParts>
void packed_rows_of(const PackedProblem& problem, std::int64_t begin, std::int64_t end) {
  std::int64_t row = begin * PackedShape::kRows;
  const std::int64_t stop = end * PackedShape::kRows;
  constexpr std::int64_t kTall = std::int64_t{D::kRowVectors} * D::kRows;
  for (; row + kTall <= stop; row += kTall) {
    packed_tokens<D, kBits, D::kRowVectors, kParts>(problem, row);
  }
  for (; row < stop && row < problem.shape.out_features; row += D::kRows) {
    packed_tokens<D, kBits, 1, kParts>(problem, row);
  }
}

template <class D, int kBits>
void packed_rows_with(const PackedProblem& problem, std::int64_t begin, std::int64_t end) {
  if (problem.layout.parts == kInt8Parts) {
    packed_rows_of<D, kBits, kInt8Parts>(problem, begin, end);
  } else {
    packed_rows_of<D, kBits, kExactParts>(problem, begin, end);
  }
}

template <class D>
void packed_rows(const PackedProblem& problem, std::int64_t begin, std::int64_t end) {
  switch (problem.shape.bits) {
    case 2:
      return packed_rows_with<D, 2>(problem, begin, end);
    case 3:
      return packed_rows_with<D, 3>(problem, begin, end);
    case 4:
      return packed_rows_with<D, 4>(problem, begin, end);
    default:
      return packed_rows_with<D, 8>(problem, begin, end);
  }
}

}  // namespace salient::kernels::cpu
