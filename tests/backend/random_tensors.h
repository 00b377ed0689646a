// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random tensors with a fixed seed, and the distance between two.

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "engine/tensor/tensor.h"

namespace salient::tests {

class RandomTensors {
 public:
  explicit RandomTensors(unsigned seed) : engine_(seed) {}

  Tensor normal(Shape shape, float scale = 1.0F) {
    Tensor tensor(DType::F32, std::move(shape));
    std::normal_distribution<float> distribution(0.0F, scale);
    for (float& value : tensor.as<float>()) value = distribution(engine_);
    return tensor;
  }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  /// Weights with a few large columns, as activations have.
  Tensor outliers(Shape shape) {
    Tensor tensor = normal(shape);
    const std::int64_t columns = shape.back();
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      if (i % columns % 17 == 3) tensor.as<float>()[static_cast<std::size_t>(i)] *= 20.0F;
    }
    return tensor;
  }

 private:
  std::mt19937 engine_;
};

/// Largest |a - b| over the largest |b|; NaN when any difference is.
inline double relative_distance(const Tensor& a, const Tensor& b) {
  double distance = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < b.as<float>().size(); ++i) {
    const auto expected = static_cast<double>(b.as<float>()[i]);
    const double difference = std::abs(static_cast<double>(a.as<float>()[i]) - expected);
    if (std::isnan(difference)) return difference;
    distance = std::max(distance, difference);
    largest = std::max(largest, std::abs(expected));
  }
  return distance / largest;
}

inline bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && std::equal(a.data(), a.data() + a.bytes(), b.data());
}

}  // namespace salient::tests
