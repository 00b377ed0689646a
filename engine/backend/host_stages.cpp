// SPDX-License-Identifier: Apache-2.0
// The bodies of Backend's stages of some models only, for a device whose memory is the host's.

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/backend/backend.h"
#include "engine/backend/expect.h"

namespace salient {
namespace {

double activated(Activation activation, double x) {
  switch (activation) {
    case Activation::Silu:
      return x / (1 + std::exp(-x));
    case Activation::Relu:
      return std::max(x, 0.0);
    case Activation::GeluErf:
      return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
    case Activation::GeluTanh: {
      const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
      return 0.5 * x * (1 + std::tanh(inner));
    }
  }
  return x;
}

float adjusted(Pointwise operation, float value, float x) {
  switch (operation) {
    case Pointwise::Scale:
      return x * value;
    case Pointwise::Clamp:
      return std::clamp(x, -value, value);
    case Pointwise::SoftCap:
      return value * std::tanh(x / value);
  }
  return x;
}

void normalize_row(const Norm& norm, std::span<const float> x, std::span<float> out) {
  const auto count = static_cast<double>(x.size());
  double mean = 0, squares = 0;
  if (norm.kind == NormKind::Layer) {
    for (const float value : x) mean += static_cast<double>(value) / count;
  }
  for (const float value : x) squares += std::pow(static_cast<double>(value) - mean, 2);
  const double inverse = 1 / std::sqrt(squares / count + static_cast<double>(norm.eps));
  const auto weight = norm.weight.as<float>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double shift =
        norm.bias == nullptr ? 0.0 : static_cast<double>(norm.bias->as<float>()[i]);
    out[i] = static_cast<float>(
        (static_cast<double>(x[i]) - mean) * inverse * static_cast<double>(weight[i]) + shift);
  }
}

}  // namespace

std::string_view name_of(ExtraStage stage) {
  static constexpr std::array<std::string_view, 5> kNames = {
      "LayerNorm", "activations other than gated SiLU",
      "windows, caps, biases or partial rotation in the attention", "learned positions",
      "stages between the usual ones"};
  return kNames[static_cast<std::size_t>(stage)];
}

bool Backend::offers(ExtraStage /*stage*/) const {
  return true;
}

void Backend::normalize(const Norm& norm, const Tensor& x, Tensor& out) {
  expect_float32("normalize", "out", out, x.shape());
  const auto features = static_cast<std::size_t>(x.dim(1));
  for (std::size_t row = 0; row < static_cast<std::size_t>(x.dim(0)); ++row) {
    normalize_row(norm, x.as<float>().subspan(row * features, features),
                  out.as<float>().subspan(row * features, features));
  }
}

void Backend::activate(Activation activation, Tensor& x) {
  for (float& value : x.as<float>()) {
    value = static_cast<float>(activated(activation, static_cast<double>(value)));
  }
}

void Backend::activate(Activation activation, const Tensor& factor, Tensor& x) {
  expect_float32("activate", "factor", factor, x.shape());
  activate(activation, x);
  const auto factors = factor.as<float>();
  for (std::size_t i = 0; i < factors.size(); ++i) x.as<float>()[i] *= factors[i];
}

void Backend::add_to(const Tensor& y, Tensor& x) {
  expect_float32("add_to", "x", x, y.shape());
  const auto values = y.as<float>();
  const auto sums = x.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
}

void Backend::pointwise(Pointwise operation, float value, Tensor& x) {
  for (float& number : x.as<float>()) number = adjusted(operation, value, number);
}

void Backend::add_positions(const Tensor& table, const CachePosition& position, std::int64_t offset,
                            Tensor& x) {
  expect_shape("add_positions", "table", table, {table.dim(0), x.dim(1)});
  const std::int64_t first = position.first.as<std::int32_t>()[0] + offset;
  if (first < 0 || first + x.dim(0) > table.dim(0)) {
    throw std::logic_error("add_positions: position outside the table");
  }
  add_to(table.rows(first, first + x.dim(0)), x);
}

}  // namespace salient
