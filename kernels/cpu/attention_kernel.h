// SPDX-License-Identifier: Apache-2.0
#pragma once

// One key head and a run of rows; row = token · group + head, so that the query heads of a group
// share what is packed. Keys are turned into panels [head_dim, panel of keys]; a tile of rows gets
// its scores panel by panel, softmax over the keys it may see, and its sum over the values. Scores
// past a row's own position are set to zero after softmax, so each row's chain of sums is the same
// whatever rows stand beside it.

#include <algorithm>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/elementwise_kernel.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/cpu/tile.h"

namespace salient::kernels::cpu {

template <class S>
void rotate_kernel(float* first, float* second, const float* cos, const float* sin,
                   std::int64_t half) {
  for (std::int64_t i = 0; i < half; i += S::kLanes) {
    const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, half - i));
    const typename S::Vec a = S::load(first + i, n);
    const typename S::Vec b = S::load(second + i, n);
    const typename S::Vec c = S::load(cos + i, n);
    const typename S::Vec s = S::load(sin + i, n);
    S::store(first + i, S::sub(S::mul(a, c), S::mul(b, s)), n);
    S::store(second + i, S::add(S::mul(b, c), S::mul(a, s)), n);
  }
}

template <class S>
class AttentionRows {
 public:
  AttentionRows(const AttentionProblem& problem, std::int64_t kv_head, std::int64_t begin,
                std::int64_t end, Scratch& scratch)
      : p_(problem), kv_head_(kv_head), begin_(begin), end_(end) {
    const std::int64_t keys = keys_of(end - 1);
    score_stride_ = (keys + kPanel - 1) / kPanel * kPanel;
    const std::int64_t out_width = (p_.head_dim + kOut - 1) / kOut * kOut;
    const std::int64_t tail = p_.head_dim % kOut == 0 ? 0 : keys * kOut;
    float* memory = scratch.floats(static_cast<std::size_t>(
        (kRows + score_stride_) * p_.head_dim + kRows * (score_stride_ + out_width) + tail));
    queries_ = memory;
    keys_ = queries_ + kRows * p_.head_dim;
    scores_ = keys_ + score_stride_ * p_.head_dim;
    sums_ = scores_ + kRows * score_stride_;
    tail_ = sums_ + kRows * out_width;
    pack(keys);
  }

  void run() {
    for (std::int64_t row = begin_; row < end_; row += kRows) {
      const auto rows = static_cast<int>(std::min(kRows, end_ - row));
      load_queries(row, rows);
      score(row, rows);
      weigh(row, rows);
    }
  }

 private:
  using Vec = typename S::Vec;
  using Scores = Tile<S, 3>;
  using Weighted = Tile<S, 2>;
  using Wide = Tile<S, 4>;
  static constexpr std::int64_t kRows = S::kTileRows;
  static constexpr std::int64_t kPanel = Scores::kCols;
  static constexpr std::int64_t kOut = Weighted::kCols;

  std::int64_t keys_of(std::int64_t row) const {
    return p_.position + row / p_.heads_per_group() + 1;
  }
  std::int64_t offset_of(std::int64_t row) const {
    const std::int64_t group = p_.heads_per_group();
    return (row / group * p_.num_heads + kv_head_ * group + row % group) * p_.head_dim;
  }

  void pack(std::int64_t keys) {
    const float* from = p_.keys + kv_head_ * p_.capacity * p_.head_dim;
    for (std::int64_t key = 0; key < score_stride_; key += S::kLanes) {
      const auto n = static_cast<int>(std::clamp<std::int64_t>(keys - key, 0, S::kLanes));
      float* panel = keys_ + key / kPanel * kPanel * p_.head_dim + key % kPanel;
      pack_turned<S>(from, Number::F32, key * p_.head_dim, p_.head_dim, n, p_.head_dim, panel,
                     kPanel);
    }
    // Values are read where they lie; only a last, narrower slice is copied out.
    const std::int64_t slice = p_.head_dim / kOut * kOut;
    if (slice == p_.head_dim) return;
    const float* values = p_.values + kv_head_ * p_.capacity * p_.head_dim + slice;
    for (std::int64_t key = 0; key < keys; ++key) {
      for (std::int64_t i = 0; i < kOut; i += S::kLanes) {
        const std::int64_t left = p_.head_dim - slice - i;
        const int n = static_cast<int>(std::clamp<std::int64_t>(left, 0, S::kLanes));
        const float* source = n > 0 ? values + key * p_.head_dim + i : values;
        S::store(tail_ + key * kOut + i, S::load(source, n));
      }
    }
  }

  void load_queries(std::int64_t row, int rows) {
    const Vec scale = S::set(p_.scale);
    for (int r = 0; r < rows; ++r) {
      const float* from = p_.q + offset_of(row + r);
      for (std::int64_t i = 0; i < p_.head_dim; i += S::kLanes) {
        const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, p_.head_dim - i));
        S::store(queries_ + r * p_.head_dim + i, S::mul(S::load(from + i, n), scale), n);
      }
    }
  }

  void score(std::int64_t row, int rows) {
    const std::int64_t keys = keys_of(row + rows - 1);
    for (std::int64_t key = 0; key < keys; key += kPanel) {
      Scores::template run<Along::Row>(rows, {.a = queries_,
                                              .lda = p_.head_dim,
                                              .b = keys_ + key * p_.head_dim,
                                              .c = scores_ + key,
                                              .ldc = score_stride_,
                                              .k = p_.head_dim,
                                              .start = Start::Zero});
    }
    const bool plain = p_.cap == 0.0F && p_.window == 0 && p_.slopes == nullptr && !p_.biases;
    for (int r = 0; r < rows; ++r) {
      const std::int64_t visible = keys_of(row + r);
      float* scores = scores_ + r * score_stride_;
      if (!plain) adjust(scores, row + r, visible);
      softmax(scores, visible, keys, r);
      if (!plain) std::fill_n(scores, first_seen(visible), 0.0F);
    }
  }

  /// The first key that a query with `visible` keys up to its own position sees.
  std::int64_t first_seen(std::int64_t visible) const {
    return p_.window == 0 ? 0 : std::max<std::int64_t>(0, visible - p_.window);
  }

  /// Caps the scores, adds what depends on the position, and hides what the window has left behind.
  void adjust(float* scores, std::int64_t row, std::int64_t visible) {
    const std::int64_t group = p_.heads_per_group();
    const std::int64_t head = kv_head_ * group + row % group;
    const std::int64_t first = first_seen(visible);
    std::fill_n(scores, first, -__builtin_inff());
    if (p_.cap != 0.0F) soft_cap_kernel<S>(scores + first, p_.cap, visible - first);
    if (p_.slopes != nullptr) {
      for (std::int64_t key = first; key < visible; ++key) {
        scores[key] -= p_.slopes[head] * static_cast<float>(visible - 1 - key);
      }
    }
    if (p_.biases == nullptr) return;
    const float* biases = p_.biases + head * (p_.position + p_.tokens);
    for (std::int64_t key = first; key < visible; ++key) scores[key] += biases[key];
  }

  /// Leaves e^(score - max), zero beyond `visible`, and 1 / sum.
  void softmax(float* scores, std::int64_t visible, std::int64_t keys, int row) {
    Vec most = S::set(-__builtin_inff());
    for (std::int64_t i = 0; i < visible; i += S::kLanes) {
      const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, visible - i));
      most = S::max(S::keep(S::load(scores + i), most, n), most);
    }
    const Vec largest = S::set(S::reduce_max(most));
    Vec sum = S::zero();
    for (std::int64_t i = 0; i < keys; i += S::kLanes) {
      const auto n = static_cast<int>(std::clamp<std::int64_t>(visible - i, 0, S::kLanes));
      const Vec e = exponential<S>(S::sub(S::load(scores + i), largest));
      const Vec kept = S::keep(e, S::zero(), n);
      sum = S::add(sum, kept);
      S::store(scores + i, kept);
    }
    inverse_[row] = 1.0F / S::sum(sum);
  }

  void weigh(std::int64_t row, int rows) {
    // Few rows: twice the width, so that values are read as one stream and enough chains run.
    const bool few = 2 * rows <= kRows && p_.head_dim % Wide::kCols == 0;
    if (few) {
      weigh_in<Wide>(row, rows);
    } else {
      weigh_in<Weighted>(row, rows);
    }
  }

  template <class Slices>
  void weigh_in(std::int64_t row, int rows) {
    constexpr std::int64_t kWidth = Slices::kCols;
    const std::int64_t keys = keys_of(row + rows - 1);
    const float* values = p_.values + kv_head_ * p_.capacity * p_.head_dim;
    for (std::int64_t slice = 0; slice < p_.head_dim; slice += kWidth) {
      const bool whole = slice + kWidth <= p_.head_dim;
      Slices::template run<Along::Row>(rows, {.a = scores_,
                                              .lda = score_stride_,
                                              .b = whole ? values + slice : tail_,
                                              .ldb = whole ? p_.head_dim : kWidth,
                                              .c = sums_,
                                              .ldc = kWidth,
                                              .k = keys,
                                              .start = Start::Zero});
      for (int r = 0; r < rows; ++r) {
        float* out = p_.out + offset_of(row + r) + slice;
        const Vec factor = S::set(inverse_[r]);
        for (std::int64_t i = 0; i < std::min(kWidth, p_.head_dim - slice); i += S::kLanes) {
          const std::int64_t left = p_.head_dim - slice - i;
          const auto n = static_cast<int>(std::min<std::int64_t>(S::kLanes, left));
          S::store(out + i, S::mul(S::load(sums_ + r * kWidth + i), factor), n);
        }
      }
    }
  }

  const AttentionProblem& p_;
  std::int64_t kv_head_;
  std::int64_t begin_;
  std::int64_t end_;
  std::int64_t score_stride_ = 0;
  float* queries_ = nullptr;  ///< [kRows, head_dim], scaled
  float* keys_ = nullptr;     ///< panels [head_dim, kPanel]
  float* scores_ = nullptr;   ///< [kRows, score_stride]
  float* sums_ = nullptr;     ///< [kRows, kOut]
  float* tail_ = nullptr;     ///< [keys, kOut], the last columns of the values
  float inverse_[std::size_t{kRows}] = {};
};

template <class S>
void attention_kernel(const AttentionProblem& problem, std::int64_t kv_head, std::int64_t begin,
                      std::int64_t end, Scratch& scratch) {
  AttentionRows<S>(problem, kv_head, begin, end, scratch).run();
}

}  // namespace salient::kernels::cpu
