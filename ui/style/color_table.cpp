// SPDX-License-Identifier: Apache-2.0
#include "ui/style/color_table.h"

#include <algorithm>
#include <cmath>

namespace salient::ui {
namespace {

struct Lab {
  double l, a, b;
};

constexpr std::array<QRgb, 9> kSequential = {0xF2F8F1, 0xBEE2CB, 0x85CBB7, 0x4FB1AB, 0x2393A0,
                                             0x18738F, 0x215475, 0x233756, 0x1B1F33};
constexpr std::array<QRgb, 9> kDivergingLight = {0x6D4A00, 0x92713A, 0xB39A74, 0xD4C5AF, 0xF1F2F5,
                                                 0xB6C7F1, 0x819BE3, 0x516FCF, 0x2740B8};
constexpr std::array<QRgb, 9> kDivergingDark = {0xE3B662, 0xB08F52, 0x7F6A43, 0x514734, 0x252628,
                                                0x42475B, 0x606B93, 0x8091CE, 0xA7BAFF};

double toLinear(int channel) {
  const double value = channel / 255.0;
  return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

int toSrgb(double linear) {
  const double clamped = std::clamp(linear, 0.0, 1.0);
  const double value =
      clamped <= 0.0031308 ? clamped * 12.92 : 1.055 * std::pow(clamped, 1 / 2.4) - 0.055;
  return static_cast<int>(std::lround(value * 255));
}

// Björn Ottosson, "A perceptual color space for image processing" (2020).
Lab toOklab(QRgb colour) {
  const double r = toLinear(qRed(colour));
  const double g = toLinear(qGreen(colour));
  const double b = toLinear(qBlue(colour));
  const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

QRgb fromOklab(const Lab& lab) {
  const double l = std::pow(lab.l + 0.3963377774 * lab.a + 0.2158037573 * lab.b, 3);
  const double m = std::pow(lab.l - 0.1055613458 * lab.a - 0.0638541728 * lab.b, 3);
  const double s = std::pow(lab.l - 0.0894841775 * lab.a - 1.2914855480 * lab.b, 3);
  return qRgb(toSrgb(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
              toSrgb(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
              toSrgb(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
}

ColorTable interpolate(std::array<QRgb, 9> anchors) {
  ColorTable table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const double place = static_cast<double>(i) * 8 / 255;
    const auto left = std::min<std::size_t>(static_cast<std::size_t>(place), 7);
    const double part = place - static_cast<double>(left);
    const Lab from = toOklab(anchors[left]);
    const Lab to = toOklab(anchors[left + 1]);
    table[i] = fromOklab({std::lerp(from.l, to.l, part), std::lerp(from.a, to.a, part),
                          std::lerp(from.b, to.b, part)});
  }
  return table;
}

std::array<QRgb, 9> reversed(std::array<QRgb, 9> anchors) {
  std::reverse(anchors.begin(), anchors.end());
  return anchors;
}

}  // namespace

const ColorTable& colorTable(ColorScale scale, Theme theme) {
  static const ColorTable sequentialLight = interpolate(kSequential);
  static const ColorTable sequentialDark = interpolate(reversed(kSequential));
  static const ColorTable divergingLight = interpolate(kDivergingLight);
  static const ColorTable divergingDark = interpolate(kDivergingDark);
  if (scale == ColorScale::Sequential) {
    return theme == Theme::Dark ? sequentialDark : sequentialLight;
  }
  return theme == Theme::Dark ? divergingDark : divergingLight;
}

double oklabLightness(QRgb colour) {
  return toOklab(colour).l;
}

QRgb colorAt(const ColorTable& table, double unit) {
  if (!(unit > 0)) return table.front();
  if (unit >= 1) return table.back();
  return table[static_cast<std::size_t>(std::lround(unit * 255))];
}

}  // namespace salient::ui
