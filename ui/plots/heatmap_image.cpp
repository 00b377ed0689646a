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

}  // namespace

QImage heatmapImage(const std::vector<float>& values, const QSize& pixels, PlaneScale scale,
                    const ColourEnds& ends, Theme theme) {
  QImage image(pixels, QImage::Format_RGB32);
  const auto wide = static_cast<std::size_t>(pixels.width());
  if (values.size() != wide * static_cast<std::size_t>(pixels.height())) return {};
  const ColorTable& table = colorTable(
      scale == PlaneScale::Ratio ? ColorScale::Diverging : ColorScale::Sequential, theme);
  const auto lower = static_cast<float>(std::log2(ends.lower));
  const auto span = static_cast<float>(std::log2(ends.upper)) - lower;
  const float perStep = 255.0F / std::max(span, 1e-6F);
  for (int y = 0; y < pixels.height(); ++y) {
    auto* line = static_cast<QRgb*>(static_cast<void*>(image.scanLine(y)));
    const float* row = values.data() + static_cast<std::size_t>(y) * wide;
    for (std::size_t x = 0; x < wide; ++x) {
      const float value = row[x];
      float place = value > 0 ? (quickLog2(value) - lower) * perStep : 0.0F;
      place = place < 0 ? 0.0F : (place > 255 ? 255.0F : place);
      line[x] = table[static_cast<std::size_t>(place + 0.5F)] | 0xFF000000U;
    }
  }
  return image;
}

}  // namespace salient::ui
