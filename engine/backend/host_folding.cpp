// SPDX-License-Identifier: Apache-2.0
// The bodies of Backend's folding, peaks and step ratios for a device whose memory is the host's.

#include "engine/backend/host_folding.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/backend/backend.h"

namespace salient {
namespace {

/// The floor of rounding under the range of a group.
constexpr double kSmallestRange = 1e-5;

double exact_step(double low, double high, const QuantScheme& scheme) {
  if (scheme.symmetry == Symmetry::Symmetric) {
    const double peak = std::max(std::abs(low), std::abs(high));
    const int steps = scheme.levels() / 2 - 1;
    return std::max(peak, kSmallestRange) / steps;
  }
  return std::max(high - low, kSmallestRange) / (scheme.levels() - 1);
}

double step_ratio(std::span<const float> weights, std::span<const double> scales,
                  const QuantScheme& scheme) {
  double low = static_cast<double>(weights[0]), high = low;
  double scaled_low = low * scales[0], scaled_high = scaled_low;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    const auto w = static_cast<double>(weights[k]);
    const double scaled = w * scales[k];
    low = std::min(low, w);
    high = std::max(high, w);
    scaled_low = std::min(scaled_low, scaled);
    scaled_high = std::max(scaled_high, scaled);
  }
  return exact_step(scaled_low, scaled_high, scheme) / exact_step(low, high, scheme);
}

}  // namespace

Tensor Backend::step_ratios(const Tensor& weight, std::span<const double> channel_scales,
                            const QuantScheme& scheme) {
  const auto columns = static_cast<std::size_t>(weight.dim(1));
  const auto group = static_cast<std::size_t>(scheme.group_of(weight.dim(1)));
  Tensor ratios(DType::F64, {weight.dim(0), scheme.num_groups(weight.dim(1))});
  const auto values = weight.as<float>();
  auto out = ratios.as<double>().begin();
  for (std::size_t row = 0; row < values.size(); row += columns) {
    for (std::size_t k = 0; k < columns; k += group) {
      const std::size_t count = std::min(group, columns - k);
      *out++ = step_ratio(values.subspan(row + k, count), channel_scales.subspan(k, count), scheme);
    }
  }
  return ratios;
}

std::vector<float> Backend::diagonal(const Tensor& gram) {
  const auto n = static_cast<std::size_t>(gram.dim(0));
  const auto values = gram.as<float>();
  std::vector<float> diagonal(n);
  for (std::size_t j = 0; j < n; ++j) diagonal[j] = values[j * n + j];
  return diagonal;
}

Tensor Backend::fold(const Tensor& weight, std::span<const float> column_scales,
                     std::span<const float> row_divisors) {
  return fold_on_host(weight, column_scales, row_divisors);
}

Tensor fold_on_host(const Tensor& weight, std::span<const float> column_scales,
                    std::span<const float> row_divisors) {
  Tensor folded = weight.clone();
  const auto values = folded.as<float>();
  const auto columns = static_cast<std::size_t>(weight.dim(1));
  for (std::size_t row = 0; !column_scales.empty() && row < values.size(); row += columns) {
    for (std::size_t j = 0; j < columns; ++j) values[row + j] *= column_scales[j];
  }
  for (std::size_t i = 0; !row_divisors.empty() && i < values.size(); ++i) {
    values[i] /= row_divisors[i / columns];
  }
  return folded;
}

Tensor Backend::fold_gram(const Tensor& gram, std::span<const float> scales) {
  Tensor folded = gram.clone();
  const auto values = folded.as<float>();
  const std::size_t n = scales.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) values[i * n + j] /= scales[i] * scales[j];
  }
  return folded;
}

Tensor Backend::add(const Tensor& a, const Tensor& b) {
  Tensor sum = a.clone();
  const auto values = sum.as<float>();
  const auto others = b.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += others[i];
  return sum;
}

double Backend::squared_distance(const Tensor& a, const Tensor& b) {
  const auto left = a.as<float>(), right = b.as<float>();
  double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double difference = static_cast<double>(left[i]) - static_cast<double>(right[i]);
    sum += difference * difference;
  }
  return sum;
}

Tensor Backend::group_peaks(const Tensor& weight, const QuantScheme& scheme) {
  const auto columns = static_cast<std::size_t>(weight.dim(1));
  const auto groups = static_cast<std::size_t>(scheme.num_groups(weight.dim(1)));
  const auto group = static_cast<std::size_t>(scheme.group_of(weight.dim(1)));
  Tensor peaks = Tensor::zeros(DType::F32, {weight.dim(0), static_cast<std::int64_t>(groups)});
  const auto values = weight.as<float>();
  const auto out = peaks.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& peak = out[i / columns * groups + i % columns / group];
    peak = std::max(peak, std::abs(values[i]));
  }
  return peaks;
}

std::vector<float> Backend::column_peaks(const Tensor& weight) {
  std::vector<float> peaks(static_cast<std::size_t>(weight.dim(1)), 0.0F);
  const auto values = weight.as<float>();
  for (std::size_t row = 0; row < values.size(); row += peaks.size()) {
    for (std::size_t j = 0; j < peaks.size(); ++j) {
      peaks[j] = std::max(peaks[j], std::abs(values[row + j]));
    }
  }
  return peaks;
}

Tensor Backend::gather_rows(const Tensor& weight, std::span<const std::int32_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  Tensor picked(weight.dtype(), {count, weight.dim(1)});
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t row = rows[static_cast<std::size_t>(i)];
    const Tensor source = weight.rows(row, row + 1);
    std::memcpy(picked.rows(i, i + 1).data(), source.data(), source.bytes());
  }
  return picked;
}

}  // namespace salient
