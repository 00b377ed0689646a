// SPDX-License-Identifier: Apache-2.0
// Rotary frequencies under every known scaling, and the slopes of ALiBi.

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/model/decoder.h"

namespace salient {
namespace {

/// Meta's scaling of Llama 3.1: long wavelengths are divided by `factor`, short ones kept, and
/// those between blended.
double llama3_frequency(double frequency, const RopeConfig& rope) {
  const double context = static_cast<double>(rope.original_max_positions);
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength < context / rope.high_frequency_factor) return frequency;
  if (wavelength > context / rope.low_frequency_factor) return frequency / rope.factor;
  const double blend = (context / wavelength - rope.low_frequency_factor) /
                       (rope.high_frequency_factor - rope.low_frequency_factor);
  return (1 - blend) * frequency / rope.factor + blend * frequency;
}

/// The pair that turns `turns` times over the original context.
double yarn_pair(double turns, double dim, const RopeConfig& rope) {
  const double context = static_cast<double>(rope.original_max_positions);
  return dim * std::log(context / (turns * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
}

/// Pairs that turn often keep their frequency, those that turn seldom are divided by `factor`, and
/// a ramp lies between.
double yarn_frequency(double frequency, double pair, double dim, const RopeConfig& rope) {
  double low = yarn_pair(rope.beta_fast, dim, rope);
  double high = yarn_pair(rope.beta_slow, dim, rope);
  if (rope.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, dim - 1);
  if (low == high) high += 0.001;
  const double ramp = std::clamp((pair - low) / (high - low), 0.0, 1.0);
  return frequency / rope.factor * ramp + frequency * (1 - ramp);
}

/// NTK-aware scaling: a larger base for a longer text.
double dynamic_theta(double dim, const RopeConfig& rope, std::int64_t capacity) {
  const double context = static_cast<double>(rope.original_max_positions);
  const double length = std::max(static_cast<double>(capacity), context);
  const double stretch = rope.factor * length / context - (rope.factor - 1);
  return rope.theta * std::pow(stretch, dim / (dim - 2));
}

double scaled_frequency(double frequency, std::size_t pair, double dim, const RopeConfig& rope,
                        std::int64_t capacity) {
  switch (rope.scaling) {
    case RopeScaling::None:
    case RopeScaling::Dynamic:
      return frequency;
    case RopeScaling::LinearPositions:
      return frequency / rope.factor;
    case RopeScaling::Llama3:
      return llama3_frequency(frequency, rope);
    case RopeScaling::Yarn:
      return yarn_frequency(frequency, static_cast<double>(pair), dim, rope);
    case RopeScaling::Long:
      return frequency /
             (capacity > rope.original_max_positions ? rope.long_factors : rope.short_factors)
                 .at(pair);
  }
  return frequency;
}

/// 2^(-8 / n), its powers: the slopes of n heads, n a power of two.
void add_slopes(double base, std::int64_t count, std::int64_t step, std::vector<float>& slopes) {
  for (std::int64_t i = 0; i < count; ++i) {
    slopes.push_back(static_cast<float>(std::pow(base, static_cast<double>(1 + i * step))));
  }
}

std::int64_t power_of_two_up_to(std::int64_t count) {
  std::int64_t power = 1;
  while (2 * power <= count) power *= 2;
  return power;
}

}  // namespace

std::vector<float> inverse_frequencies(const ModelConfig& config, const RopeConfig& rope,
                                       std::int64_t capacity) {
  const std::int64_t rotary = config.rotary_dim != 0 ? config.rotary_dim : config.head_dim;
  const auto dim = static_cast<double>(rotary);
  const bool dynamic = rope.scaling == RopeScaling::Dynamic && rotary > 2;
  const double theta = dynamic ? dynamic_theta(dim, rope, capacity) : rope.theta;
  std::vector<float> frequencies;
  for (std::size_t pair = 0; pair < static_cast<std::size_t>(rotary) / 2; ++pair) {
    const double frequency = std::pow(theta, -2 * static_cast<double>(pair) / dim);
    frequencies.push_back(
        static_cast<float>(scaled_frequency(frequency, pair, dim, rope, capacity)));
  }
  return frequencies;
}

std::vector<float> alibi_slopes(const ModelConfig& config, AlibiSlopes kind) {
  const std::int64_t heads = config.num_heads;
  const std::int64_t power = power_of_two_up_to(heads);
  const auto base = [&](std::int64_t count) {
    return std::exp2(-config.alibi_bias_max / static_cast<double>(count));
  };
  std::vector<float> slopes;
  if (kind == AlibiSlopes::Interleaved || power == heads) {
    add_slopes(base(power), power, 1, slopes);
    add_slopes(base(2 * power), heads - power, 2, slopes);
    return slopes;
  }
  // MPT's: of twice the power of two, every second one first.
  std::vector<float> all;
  add_slopes(base(2 * power), 2 * power, 1, all);
  for (const std::size_t first : {std::size_t{1}, std::size_t{0}}) {
    for (std::size_t i = first; i < all.size(); i += 2) slopes.push_back(all[i]);
  }
  slopes.resize(static_cast<std::size_t>(heads));
  return slopes;
}

}  // namespace salient
