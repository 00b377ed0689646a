// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/quantization/quantization.h"

namespace salient {
namespace {

/// llm-awq's floor under a channel scale, before the range is centred.
constexpr double kSmallestScale = 1e-4;

}  // namespace

std::vector<float> channel_scales_for(std::span<const float> magnitude, double alpha) {
  std::vector<double> scales(magnitude.size(), 1.0);
  double high = 0;
  double low = std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < magnitude.size(); ++j) {
    if (magnitude[j] <= 0.0F) continue;
    scales[j] = std::max(std::pow(static_cast<double>(magnitude[j]), alpha), kSmallestScale);
    high = std::max(high, scales[j]);
    low = std::min(low, scales[j]);
  }
  const double middle = high > 0 ? std::sqrt(high * low) : 1.0;
  std::vector<float> result(magnitude.size(), 1.0F);
  for (std::size_t j = 0; j < magnitude.size(); ++j) {
    if (magnitude[j] > 0.0F) result[j] = static_cast<float>(scales[j] / middle);
  }
  return result;
}

std::vector<float> reduce_to_kv_heads(std::span<const float> magnitude, const ModelConfig& config) {
  const auto dim = static_cast<std::size_t>(config.head_dim);
  const auto sharing = static_cast<std::size_t>(config.num_heads / config.num_kv_heads);
  std::vector<float> reduced(static_cast<std::size_t>(config.num_kv_heads) * dim, 0.0F);
  for (std::size_t j = 0; j < magnitude.size(); ++j) {
    float& channel = reduced[j / dim / sharing * dim + j % dim];
    channel = std::max(channel, magnitude[j]);
  }
  return reduced;
}

std::vector<float> spread_to_heads(std::span<const float> per_kv_channel,
                                   const ModelConfig& config) {
  const auto dim = static_cast<std::size_t>(config.head_dim);
  const auto sharing = static_cast<std::size_t>(config.num_heads / config.num_kv_heads);
  std::vector<float> spread(static_cast<std::size_t>(config.num_heads) * dim);
  for (std::size_t j = 0; j < spread.size(); ++j) {
    spread[j] = per_kv_channel[j / dim / sharing * dim + j % dim];
  }
  return spread;
}

}  // namespace salient
