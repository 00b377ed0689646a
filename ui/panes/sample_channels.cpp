// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/sample_channels.h"

#include <QObject>
#include <array>
#include <cmath>

namespace salient::ui {
namespace {

constexpr std::size_t kBars = 240;

std::array<float, kBars> bars() {
  std::array<float, kBars> values{};
  std::uint32_t state = 12345;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = 0.25F + 0.5F * static_cast<float>(state >> 8) / 16777216.0F;
  }
  for (const std::size_t i :
       {7UL, 30UL, 82UL, 87UL, 98UL, 106UL, 117UL, 144UL, 169UL, 171UL, 195UL, 201UL, 209UL})
    values[i] = 3.0F + static_cast<float>(i % 7);
  values[171] = 39.6F;
  return values;
}

}  // namespace

std::span<const float> sampleChannels() {
  static const std::array<float, kBars> kValues = bars();
  return kValues;
}

float sampleSalientLine() {
  return 2.4F;
}

QString sampleClaim() {
  return QObject::tr("1 % of the channels carry 97 % of the energy.");
}

QString sampleExplanation() {
  return QObject::tr(
      "The 1 536 inputs of one layer of SmolLM2, mean |x|, log scale. AWQ protects "
      "the marked ones.");
}

}  // namespace salient::ui
