// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "kernels/cpu/rounding.h"
#include "kernels/half.h"

namespace salient::kernels::cpu {

inline constexpr float kSmallestRange = 1e-5F;
inline constexpr float kSmallestHalf = 0x1p-24F;
inline constexpr float kLargestHalf = 65504.0F;

/// Steps and zero points of kLanes groups at once: one group's are a long chain of divisions and
/// conversions that would cost as much as its weights.
template <class S>
struct GroupGrids {
  using Vec = typename S::Vec;
  static constexpr int kCount = S::kLanes;
  float least[std::size_t{kCount}];  ///< in: smallest and largest weight, clipped
  float most[std::size_t{kCount}];
  float step[std::size_t{kCount}];  ///< out
  float zero[std::size_t{kCount}];

  void solve(Grid grid, int bits) {
    const Vec top = S::set(static_cast<float>((1 << bits) - 1));
    const auto half = static_cast<float>(1 << (bits - 1));
    const bool symmetric = grid == Grid::Symmetric;
    const Vec low = S::load(least);
    const Vec high = S::load(most);
    const Vec range = symmetric ? S::max(S::sub(S::zero(), low), high) : S::sub(high, low);
    const Vec intervals = symmetric ? S::set(half - 1.0F) : top;
    const Vec exact = S::div(S::max(range, S::set(kSmallestRange)), intervals);
    // What is stored is always a usable number, also for weights that are not.
    const Vec bounded = S::min(S::max(exact, S::set(kSmallestHalf)), S::set(kLargestHalf));
    const Vec rounded = S::round_to_f16(bounded);
    S::store(step, rounded);
    const Vec below = S::sub(S::zero(), S::round(S::div(low, rounded)));
    const Vec offset = S::min(S::max(below, S::zero()), top);
    S::store(zero, symmetric ? S::set(half) : offset);
  }
};

struct GroupRange {
  float least;
  float most;
};

/// One group of one row: w = weight · s.
template <class S>
struct RoundingGroup {
  using Vec = typename S::Vec;
  const float* weight;
  const float* scales;  ///< or nullptr
  int count;

  Vec at(int i, int n) const {
    const Vec w = S::load(weight + i, n);
    return scales == nullptr ? w : S::mul(w, S::load(scales + i, n));
  }

  GroupRange range() const {
    Vec least = S::set(__builtin_inff());
    Vec most = S::set(-__builtin_inff());
    for (int i = 0; i < count; i += S::kLanes) {
      const int n = std::min(S::kLanes, count - i);
      const Vec w = at(i, n);
      least = S::min(S::keep(w, least, n), least);
      most = S::max(S::keep(w, most, n), most);
    }
    return {S::reduce_min(least), S::reduce_max(most)};
  }
};

/// The rounding of one group once its grid is known.
template <class S>
struct GroupRounder {
  using Vec = typename S::Vec;
  Vec step, zero, top, limit, lowest;

  GroupRounder(float step_, float zero_, float limit_, int bits)
      : step(S::set(step_)),
        zero(S::set(zero_)),
        top(S::set(static_cast<float>((1 << bits) - 1))),
        limit(S::set(limit_)),
        lowest(S::set(-limit_)) {}

  /// Codes as float32 lanes. The division is a true one: a reciprocal would move codes at halves.
  Vec codes(Vec w) const {
    const Vec clipped = S::max(S::min(w, limit), lowest);
    const Vec raw = S::add(S::round(S::div(clipped, step)), zero);
    return S::min(S::max(raw, S::zero()), top);
  }
  Vec value(Vec w) const { return S::mul(S::sub(codes(w), zero), step); }
};

inline GroupRange clip_range(GroupRange range, float limit) {
  return {std::max(range.least, -limit), std::min(range.most, limit)};
}

/// Visits the groups of one row, kLanes at a time: visit(group index, weights, step, zero, limit).
template <class S, class Visit>
void visit_groups(const RoundingInput& input, std::int64_t row, const Visit& visit) {
  const std::int64_t groups = input.num_groups();
  const float* limits = input.clip == nullptr ? nullptr : input.clip + row * groups;
  GroupGrids<S> grids{};
  for (std::int64_t first = 0; first < groups; first += S::kLanes) {
    const auto count = static_cast<int>(std::min<std::int64_t>(S::kLanes, groups - first));
    RoundingGroup<S> batch[std::size_t{S::kLanes}];
    float limit[std::size_t{S::kLanes}];
    for (int i = 0; i < count; ++i) {
      const std::int64_t k = (first + i) * input.group_size;
      batch[i] = {.weight = input.weight + row * input.in_features + k,
                  .scales = input.channel_scales == nullptr ? nullptr : input.channel_scales + k,
                  .count = static_cast<int>(std::min(input.group_size, input.in_features - k))};
      limit[i] = limits == nullptr ? __builtin_inff() : limits[first + i];
      const GroupRange range = clip_range(batch[i].range(), limit[i]);
      grids.least[i] = range.least;
      grids.most[i] = range.most;
    }
    grids.solve(input.grid, input.bits);
    for (int i = 0; i < count; ++i) {
      visit(first + i, batch[i], grids.step[i], grids.zero[i], limit[i]);
    }
  }
}

template <class S>
void rounding_error_rows(const RoundingInput& input, std::int64_t begin, std::int64_t end,
                         float* error) {
  for (std::int64_t row = begin; row < end; ++row) {
    const auto visit = [&](std::int64_t g, const RoundingGroup<S>& group, float step, float zero,
                           float limit) {
      const GroupRounder<S> rounder(step, zero, limit, input.bits);
      const std::int64_t first = g * input.group_size;
      float* out = error + row * input.in_features + first;
      for (int i = 0; i < group.count; i += S::kLanes) {
        const int n = std::min(S::kLanes, group.count - i);
        typename S::Vec value = rounder.value(group.at(i, n));
        if (input.inverse_scales != nullptr) {
          value = S::mul(value, S::load(input.inverse_scales + first + i, n));
        }
        S::store(out + i, S::sub(value, S::load(group.weight + i, n)), n);
      }
    };
    visit_groups<S>(input, row, visit);
  }
}

template <class S>
void round_codes_rows(const RoundingInput& input, std::int64_t begin, std::int64_t end,
                      const RoundingOutput& output) {
  for (std::int64_t row = begin; row < end; ++row) {
    const auto visit = [&](std::int64_t g, const RoundingGroup<S>& group, float step, float zero,
                           float limit) {
      const GroupRounder<S> rounder(step, zero, limit, input.bits);
      output.steps[row * input.num_groups() + g] = f32_to_f16(step);
      output.zero_points[row * input.num_groups() + g] = static_cast<std::uint8_t>(zero);
      std::uint8_t* out = output.codes + row * input.in_features + g * input.group_size;
      for (int i = 0; i < group.count; i += S::kLanes) {
        const int n = std::min(S::kLanes, group.count - i);
        std::uint8_t bytes[std::size_t{S::kLanes}];
        S::store_u8(bytes, rounder.codes(group.at(i, n)));
        std::copy_n(bytes, n, out + i);
      }
    };
    visit_groups<S>(input, row, visit);
  }
}

}  // namespace salient::kernels::cpu
