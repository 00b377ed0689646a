// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/gram_loss.h"

#include <numeric>

namespace salient {
namespace {

/// A fraction in [0, 1) that depends on i alone.
double fraction(std::uint64_t i) {
  std::uint64_t z = (i + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
}

/// One row from each of `count` equal stretches: spread evenly, yet in step with no head size.
Tensor spread_rows(Backend& backend, const Tensor& weight, std::int64_t count) {
  std::vector<std::int32_t> rows;
  const double stretch = static_cast<double>(weight.dim(0)) / static_cast<double>(count);
  for (std::int64_t i = 0; i < count; ++i) {
    rows.push_back(static_cast<std::int32_t>(
        (static_cast<double>(i) + fraction(static_cast<std::uint64_t>(i))) * stretch));
  }
  return backend.gather_rows(weight, rows);
}

}  // namespace

GramLoss::GramLoss(Backend& backend, const Tensor& weight, const SiteStats& input,
                   const QuantScheme& scheme, std::int64_t rows)
    : backend_(backend),
      input_(input),
      scheme_(scheme),
      weight_(rows == 0 || rows >= weight.dim(0) ? weight : spread_rows(backend, weight, rows)),
      factor_(static_cast<double>(weight.dim(0)) / static_cast<double>(weight_.dim(0)) /
              static_cast<double>(input.tokens)) {}

double GramLoss::of_scales(std::span<const float> channel_scales) {
  return backend_.rounding_loss({weight_, channel_scales, nullptr, scheme_}, input_.gram) * factor_;
}

double GramLoss::signal() {
  std::vector<double> rows(static_cast<std::size_t>(weight_.dim(0)));
  backend_.quadratic_form(weight_, input_.gram, rows);
  return std::accumulate(rows.begin(), rows.end(), 0.0) * factor_;
}

}  // namespace salient
