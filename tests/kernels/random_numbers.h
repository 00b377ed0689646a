// SPDX-License-Identifier: Apache-2.0
#pragma once

// Seeded inputs of kernel tests and the distance of a result from its float64 reference.

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/half.h"

namespace salient::tests {

inline std::vector<float> normal_floats(std::size_t count, std::uint32_t seed, float spread = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, spread);
  std::vector<float> numbers(count);
  for (float& number : numbers) number = normal(generator);
  return numbers;
}

inline std::vector<std::uint16_t> halves_of(const std::vector<float>& numbers) {
  std::vector<std::uint16_t> halves;
  for (const float number : numbers) halves.push_back(f32_to_f16(number));
  return halves;
}

/// ‖result - reference‖ / ‖reference‖; NaN when any result is.
template <class T>
double relative_error(const std::vector<T>& result, const std::vector<double>& reference) {
  double error = 0;
  double norm = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double difference = static_cast<double>(result[i]) - reference[i];
    error += difference * difference;
    norm += reference[i] * reference[i];
  }
  return std::sqrt(error / norm);
}

}  // namespace salient::tests
