// SPDX-License-Identifier: Apache-2.0
#include "tests/backend/reference_rounding.h"

#include <algorithm>
#include <cmath>

#include "kernels/half.h"

namespace salient::tests {
namespace {

constexpr double kSmallestRange = 1e-5;

}  // namespace

RoundedGroup round_group(std::span<const double> group, const QuantScheme& scheme) {
  const double low = *std::min_element(group.begin(), group.end());
  const double high = *std::max_element(group.begin(), group.end());
  const int top = scheme.levels() - 1;
  const bool symmetric = scheme.symmetry == Symmetry::Symmetric;
  const double range = symmetric ? std::max(std::abs(low), std::abs(high)) : high - low;
  const int intervals = symmetric ? scheme.levels() / 2 - 1 : top;

  RoundedGroup rounded;
  rounded.step_bits = f32_to_f16(static_cast<float>(std::max(range, kSmallestRange) / intervals));
  const double step = static_cast<double>(f16_to_f32(rounded.step_bits));
  const double zero =
      symmetric ? scheme.levels() / 2 : std::clamp(-std::nearbyint(low / step), 0.0, double(top));
  rounded.zero_point = static_cast<int>(zero);
  for (const double w : group) {
    const double code = std::clamp(std::nearbyint(w / step) + zero, 0.0, double(top));
    rounded.codes.push_back(static_cast<int>(code));
    rounded.values.push_back((code - zero) * step);
  }
  return rounded;
}

std::vector<double> scaled_and_clipped(const RoundingProblem& problem) {
  const std::int64_t rows = problem.weight.dim(0);
  const std::int64_t columns = problem.weight.dim(1);
  const std::int64_t group = problem.scheme.group_of(columns);
  const std::int64_t groups = problem.scheme.num_groups(columns);
  const auto weight = problem.weight.as<float>();
  std::vector<double> values(weight.size());
  for (std::int64_t o = 0; o < rows; ++o) {
    for (std::int64_t k = 0; k < columns; ++k) {
      const auto i = static_cast<std::size_t>(o * columns + k);
      // The product is a float32, as in a folded checkpoint.
      const float scale =
          problem.channel_scales.empty() ? 1.0F : problem.channel_scales[std::size_t(k)];
      values[i] = static_cast<double>(weight[i] * scale);
      if (problem.clip == nullptr) continue;
      const auto g = static_cast<std::size_t>(o * groups + k / group);
      const auto limit = static_cast<double>(problem.clip->as<float>()[g]);
      values[i] = std::clamp(values[i], -limit, limit);
    }
  }
  return values;
}

Columns columns_of(const QuantScheme& scheme, std::int64_t in_features, std::int64_t g) {
  const std::int64_t group = scheme.group_of(in_features);
  return {g * group, std::min((g + 1) * group, in_features)};
}

double quadratic(std::span<const double> error, const Tensor& gram, Columns columns) {
  const std::int64_t n = gram.dim(1);
  const auto g = gram.as<float>();
  double sum = 0;
  for (std::int64_t i = columns.begin; i < columns.end; ++i) {
    double row = 0;
    for (std::int64_t j = columns.begin; j < columns.end; ++j) {
      const auto entry = static_cast<std::size_t>(std::max(i, j) * n + std::min(i, j));
      row += static_cast<double>(g[entry]) * error[std::size_t(j - columns.begin)];
    }
    sum += row * error[std::size_t(i - columns.begin)];
  }
  return sum;
}

}  // namespace salient::tests
