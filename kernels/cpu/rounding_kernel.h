// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "kernels/cpu/rounding.h"
#include "kernels/half.h"

namespace salient::kernels::cpu {

inline constexpr float kSmallestRange = 1e-5F;
inline constexpr float kSmallestHalf = 0x1p-24F;
inline constexpr float kLargestHalf = 65504.0F;

/// Step and zero point of one group.
struct GroupGrid {
  std::uint16_t step_bits;
  float step;
  float zero;
  float top;  ///< the largest code

  static GroupGrid of(Grid grid, int bits, float least, float most) {
    const auto top = static_cast<float>((1 << bits) - 1);
    const auto half = static_cast<float>(1 << (bits - 1));
    const bool symmetric = grid == Grid::Symmetric;
    const float range = symmetric ? std::max(-least, most) : most - least;
    const float exact = std::max(range, kSmallestRange) / (symmetric ? half - 1.0F : top);
    GroupGrid out{};
    // Also the answer for a NaN: what is stored is always a usable number.
    const float bounded = exact > kSmallestHalf ? std::min(exact, kLargestHalf) : kSmallestHalf;
    out.step_bits = f32_to_f16(bounded);
    out.step = f16_to_f32(out.step_bits);
    out.top = top;
    out.zero = half;
    if (!symmetric) out.zero = std::clamp(-__builtin_nearbyintf(least / out.step), 0.0F, top);
    if (out.zero != out.zero) out.zero = 0.0F;
    return out;
  }
};

/// One group of one row: w = weight · s, clipped.
template <class S>
struct RoundingGroup {
  using Vec = typename S::Vec;
  const float* weight;
  const float* scales;  ///< or nullptr
  int count;
  float limit;  ///< infinity: no clip

  Vec at(int i, int n) const {
    Vec w = S::load(weight + i, n);
    if (scales != nullptr) w = S::mul(w, S::load(scales + i, n));
    return S::max(S::min(w, S::set(limit)), S::set(-limit));
  }

  GroupGrid grid(Grid kind, int bits) const {
    Vec least = S::set(__builtin_inff());
    Vec most = S::set(-__builtin_inff());
    for (int i = 0; i < count; i += S::kLanes) {
      const int n = std::min(S::kLanes, count - i);
      const Vec w = at(i, n);
      least = S::min(S::keep(w, least, n), least);
      most = S::max(S::keep(w, most, n), most);
    }
    return GroupGrid::of(kind, bits, S::reduce_min(least), S::reduce_max(most));
  }

  /// Codes as float32 lanes.
  static Vec codes(Vec w, const GroupGrid& grid) {
    const Vec raw = S::add(S::round(S::div(w, S::set(grid.step))), S::set(grid.zero));
    return S::min(S::max(raw, S::zero()), S::set(grid.top));
  }

  static Vec value(Vec codes, const GroupGrid& grid) {
    return S::mul(S::sub(codes, S::set(grid.zero)), S::set(grid.step));
  }
};

template <class S>
RoundingGroup<S> group_at(const RoundingInput& input, std::int64_t row, std::int64_t group) {
  const std::int64_t first = group * input.group_size;
  const float* limit = input.clip == nullptr ? nullptr : input.clip + row * input.num_groups();
  return {.weight = input.weight + row * input.in_features + first,
          .scales = input.channel_scales == nullptr ? nullptr : input.channel_scales + first,
          .count = static_cast<int>(std::min(input.group_size, input.in_features - first)),
          .limit = limit == nullptr ? __builtin_inff() : limit[group]};
}

template <class S>
void rounding_error_rows(const RoundingInput& input, std::int64_t begin, std::int64_t end,
                         float* error) {
  for (std::int64_t row = begin; row < end; ++row) {
    for (std::int64_t g = 0; g < input.num_groups(); ++g) {
      const RoundingGroup<S> group = group_at<S>(input, row, g);
      const GroupGrid grid = group.grid(input.grid, input.bits);
      const std::int64_t first = g * input.group_size;
      float* out = error + row * input.in_features + first;
      for (int i = 0; i < group.count; i += S::kLanes) {
        const int n = std::min(S::kLanes, group.count - i);
        typename S::Vec value = group.value(group.codes(group.at(i, n), grid), grid);
        if (input.inverse_scales != nullptr) {
          value = S::mul(value, S::load(input.inverse_scales + first + i, n));
        }
        S::store(out + i, S::sub(value, S::load(group.weight + i, n)), n);
      }
    }
  }
}

template <class S>
void round_codes_rows(const RoundingInput& input, std::int64_t begin, std::int64_t end,
                      const RoundingOutput& output) {
  for (std::int64_t row = begin; row < end; ++row) {
    for (std::int64_t g = 0; g < input.num_groups(); ++g) {
      const RoundingGroup<S> group = group_at<S>(input, row, g);
      const GroupGrid grid = group.grid(input.grid, input.bits);
      output.steps[row * input.num_groups() + g] = grid.step_bits;
      output.zero_points[row * input.num_groups() + g] = static_cast<std::uint8_t>(grid.zero);
      std::uint8_t* out = output.codes + row * input.in_features + g * input.group_size;
      for (int i = 0; i < group.count; i += S::kLanes) {
        const int n = std::min(S::kLanes, group.count - i);
        std::uint8_t bytes[std::size_t{S::kLanes}];
        S::store_u8(bytes, group.codes(group.at(i, n), grid));
        std::copy_n(bytes, n, out + i);
      }
    }
  }
}

}  // namespace salient::kernels::cpu
