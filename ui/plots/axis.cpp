// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/axis.h"

#include <QLocale>
#include <algorithm>
#include <cmath>

namespace salient::ui {
namespace {

double logOf(double value, double floor) {
  return std::log10(std::max(value, floor));
}

std::vector<double> logTicks(const AxisRange& range, int wanted) {
  std::vector<double> ticks;
  const double decades = std::log10(range.upper / range.lower);
  const bool fine = decades < 1.2;
  const int step = std::max(1, static_cast<int>(std::ceil(decades / std::max(1, wanted))));
  const int first = static_cast<int>(std::floor(std::log10(range.lower) - 1e-9));
  const int last = static_cast<int>(std::ceil(std::log10(range.upper) + 1e-9));
  for (int power = first; power <= last; ++power) {
    if (!fine && power % step != 0) continue;
    for (const double digit : {1.0, 2.0, 5.0}) {
      if (digit > 1 && !fine) break;
      const double value = digit * std::pow(10.0, power);
      const bool inside = value >= range.lower * (1 - 1e-9) && value <= range.upper * (1 + 1e-9);
      if (inside) ticks.push_back(value);
    }
  }
  return ticks;
}

// The smallest of 1, 2, 2.5, 4, 5 × 10^n that is not below size.
double roundStep(double size) {
  const double power = std::pow(10.0, std::floor(std::log10(size)));
  for (const double digit : {1.0, 2.0, 2.5, 4.0, 5.0}) {
    if (digit * power >= size * (1 - 1e-9)) return digit * power;
  }
  return 10 * power;
}

std::vector<double> linearTicks(const AxisRange& range, int wanted) {
  std::vector<double> ticks;
  const double step = roundStep((range.upper - range.lower) / std::max(1, wanted));
  const auto first = std::llround(std::ceil(range.lower / step - 1e-9));
  for (auto i = first; static_cast<double>(i) * step <= range.upper + step * 1e-9; ++i) {
    ticks.push_back(static_cast<double>(i) * step);
  }
  return ticks;
}

}  // namespace

double AxisRange::toUnit(double value) const {
  if (scale == AxisScale::Linear) return (value - lower) / (upper - lower);
  return (logOf(value, lower) - std::log10(lower)) / std::log10(upper / lower);
}

double AxisRange::fromUnit(double unit) const {
  if (scale == AxisScale::Linear) return lower + unit * (upper - lower);
  return lower * std::pow(upper / lower, unit);
}

std::vector<double> axisTicks(const AxisRange& range, int wanted) {
  const bool usable = std::isfinite(range.lower) && std::isfinite(range.upper) &&
                      range.upper > range.lower &&
                      (range.scale == AxisScale::Linear || range.lower > 0);
  if (!usable) return {};
  return range.scale == AxisScale::Log ? logTicks(range, wanted) : linearTicks(range, wanted);
}

QString tickText(double value) {
  if (value == 0) return QStringLiteral("0");
  const double size = std::abs(value);
  if (size >= 0.01 && size < 1e6) return QLocale::c().toString(value, 'g', 6).remove(u',');
  // "1e-03" as the design writes it: "1e-3".
  const int power = static_cast<int>(std::floor(std::log10(size) + 1e-9));
  const QString digits = QLocale::c().toString(value / std::pow(10.0, power), 'g', 3);
  return digits + u'e' + QString::number(power);
}

QString shortNumber(double value) {
  if (value == 0 || !std::isfinite(value)) return tickText(0);
  const double unit = std::pow(10.0, std::floor(std::log10(std::abs(value))) - 1);
  return tickText(std::round(value / unit) * unit);
}

}  // namespace salient::ui
