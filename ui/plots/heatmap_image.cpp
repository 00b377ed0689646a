// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/heatmap_image.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "ui/style/color_table.h"

namespace salient::ui {
namespace {

constexpr std::int32_t kSmallestBits = 0x0DA24260;  // 1e-30
constexpr float kNarrowest = 1e-3F;                 // octaves; keeps places inside 32 bits

// value -> table place: (log2(value) - lower) * perStep, clamped. No branch: on real errors every
// other pixel lies under the lower end, and a mispredicted jump costs more than the logarithm.
// Clamping is on integers (float bits order as integers do), which gcc vectorizes without
// fast-math. Zero and negative values take the lower end, NaN the upper one.
// log2 within 0.009, from the float's own exponent and a parabola; one of 256 colours over five
// octaves is 0.02.
struct LogRamp {
  float perStep;
  float bottom;  // half a step under the lower end, so that cutting off rounds

  explicit LogRamp(const ColourEnds& ends)
      : perStep(255.0F /
                std::max(static_cast<float>(std::log2(ends.upper / ends.lower)), kNarrowest)),
        bottom(static_cast<float>(std::log2(ends.lower)) - 0.5F / perStep) {}

  std::int32_t operator()(float value) const {
    const auto bits = std::max(std::bit_cast<std::int32_t>(value), kSmallestBits);
    const auto exponent = static_cast<float>((bits >> 23) - 127);
    const auto mantissa = std::bit_cast<float>((bits & 0x7FFFFF) | 0x3F800000);
    const float log = exponent + (-0.33582878F * mantissa + 2.0F) * mantissa - 1.65871022F;
    return std::clamp(static_cast<std::int32_t>((log - bottom) * perStep), 0, 255);
  }
};

const ColorTable& tableOf(PlaneScale scale, Theme theme) {
  return colorTable(scale == PlaneScale::Ratio ? ColorScale::Diverging : ColorScale::Sequential,
                    theme);
}

}  // namespace

QRgb heatmapColour(float value, PlaneScale scale, const ColourEnds& ends, Theme theme) {
  return tableOf(scale, theme)[static_cast<std::size_t>(LogRamp(ends)(value))] | 0xFF000000U;
}

QImage heatmapImage(const std::vector<float>& values, const QSize& pixels, PlaneScale scale,
                    const ColourEnds& ends, Theme theme) {
  const auto wide = static_cast<std::size_t>(pixels.width());
  if (values.size() != wide * static_cast<std::size_t>(pixels.height())) return {};
  QImage image(pixels, QImage::Format_RGB32);
  const ColorTable& table = tableOf(scale, theme);
  const LogRamp ramp(ends);
  const QRgb* const colours = table.data();
  std::vector<std::int32_t> placeStore(wide);
  std::int32_t* const places = placeStore.data();
  for (int y = 0; y < pixels.height(); ++y) {
    auto* line = static_cast<QRgb*>(static_cast<void*>(image.scanLine(y)));
    const float* row = values.data() + static_cast<std::size_t>(y) * wide;
    for (std::size_t x = 0; x < wide; ++x) places[x] = ramp(row[x]);
    for (std::size_t x = 0; x < wide; ++x) line[x] = colours[places[x]] | 0xFF000000U;
  }
  return image;
}

}  // namespace salient::ui
