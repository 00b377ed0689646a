// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/heatmap_image.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "ui/style/color_table.h"

namespace salient::ui {
namespace {

// log2 within 0.009, from the float's own exponent and a parabola: a colour step of 256 over
// five octaves is 0.02, and std::log2 for every pixel would cost four times the whole frame.
float quickLog2(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto exponent = static_cast<float>(static_cast<int>(bits >> 23U) - 127);
  const auto mantissa = std::bit_cast<float>((bits & 0x7FFFFFU) | 0x3F800000U);
  return exponent + (-0.33582878F * mantissa + 2.0F) * mantissa - 1.65871022F;
}

// value -> table place: (log2(value) - lower) * perStep, clamped.
struct LogRamp {
  float lower;
  float perStep;

  explicit LogRamp(const ColourEnds& ends)
      : lower(static_cast<float>(std::log2(ends.lower))),
        perStep(255.0F / std::max(static_cast<float>(std::log2(ends.upper)) - lower, 1e-6F)) {}

  std::size_t operator()(float value) const {
    const float place = value > 0 ? (quickLog2(value) - lower) * perStep : 0.0F;
    return static_cast<std::size_t>(std::clamp(place, 0.0F, 255.0F) + 0.5F);
  }
};

const ColorTable& tableOf(PlaneScale scale, Theme theme) {
  return colorTable(scale == PlaneScale::Ratio ? ColorScale::Diverging : ColorScale::Sequential,
                    theme);
}

}  // namespace

QRgb heatmapColour(float value, PlaneScale scale, const ColourEnds& ends, Theme theme) {
  return tableOf(scale, theme)[LogRamp(ends)(value)] | 0xFF000000U;
}

QImage heatmapImage(const std::vector<float>& values, const QSize& pixels, PlaneScale scale,
                    const ColourEnds& ends, Theme theme) {
  const auto wide = static_cast<std::size_t>(pixels.width());
  if (values.size() != wide * static_cast<std::size_t>(pixels.height())) return {};
  QImage image(pixels, QImage::Format_RGB32);
  const ColorTable& table = tableOf(scale, theme);
  const LogRamp ramp(ends);
  const QRgb* const colours = table.data();
  for (int y = 0; y < pixels.height(); ++y) {
    auto* line = static_cast<QRgb*>(static_cast<void*>(image.scanLine(y)));
    const float* row = values.data() + static_cast<std::size_t>(y) * wide;
    for (std::size_t x = 0; x < wide; ++x) line[x] = colours[ramp(row[x])] | 0xFF000000U;
  }
  return image;
}

}  // namespace salient::ui
