// SPDX-License-Identifier: Apache-2.0
#include "engine/report/svg_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "engine/report/numbers.h"

namespace salient {
namespace {

constexpr double kWidth = 460;
constexpr double kHeight = 220;
constexpr double kLeft = 48;
constexpr double kRight = 150;  ///< room for curve names behind their last point
constexpr double kTop = 24;
constexpr double kBottom = 28;

std::string coordinate(double value) {
  const auto tenths = static_cast<std::int64_t>(std::llround(value * 10));
  std::string text = std::to_string(tenths / 10);
  if (tenths % 10 != 0) text += "." + std::to_string(std::abs(tenths % 10));
  return tenths < 0 && tenths > -10 ? "-" + text : text;
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view style,
                    std::string_view text) {
  return "<text x='" + coordinate(x) + "' y='" + coordinate(y) + "' text-anchor='" +
         std::string(anchor) + "' class='" + std::string(style) + "'>" + escape_html(text) +
         "</text>";
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return "<line x1='" + coordinate(x1) + "' y1='" + coordinate(y1) + "' x2='" + coordinate(x2) +
         "' y2='" + coordinate(y2) + "' class='" + std::string(style) + "'/>";
}

struct LogAxis {
  double low = 0;   ///< log10
  double high = 0;  ///< log10
  double y(double value) const {
    const double share = (std::log10(value) - low) / (high - low);
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
};

LogAxis axis_over(std::span<const SvgCurve> curves) {
  double low = 0;
  double high = 0;
  for (const SvgCurve& curve : curves) {
    for (const SvgPoint& point : curve.points) {
      if (!(point.y > 0)) continue;
      low = std::min(low, std::log10(point.y));
      high = std::max(high, std::log10(point.y));
    }
  }
  return {low - 0.08, std::max(high, low + 0.5) + 0.08};
}

double plot_x(double x) {
  return kLeft + x * (kWidth - kLeft - kRight);
}

std::string polyline(const SvgCurve& curve, const LogAxis& axis) {
  std::string points;
  for (const SvgPoint& point : curve.points) {
    if (!(point.y > 0)) continue;
    points += coordinate(plot_x(point.x)) + "," + coordinate(axis.y(point.y)) + " ";
  }
  return "<polyline points='" + points + "' class='curve'/>";
}

std::string svg_open(double width, double height, std::string_view title) {
  return "<svg viewBox='0 0 " + coordinate(width) + " " + coordinate(height) + "' width='" +
         coordinate(width) + "' role='img' aria-label='" + escape_html(title) + "'>";
}

/// The window's diverging scale, light theme: ochre where rounding won, blue where AWQ did.
std::string cell_colour(double value) {
  static constexpr std::array<std::array<double, 3>, 5> kBlue = {{{0xF1, 0xF2, 0xF5},
                                                                  {0xB6, 0xC7, 0xF1},
                                                                  {0x81, 0x9B, 0xE3},
                                                                  {0x51, 0x6F, 0xCF},
                                                                  {0x27, 0x40, 0xB8}}};
  if (value < 1) return "#B39A74";
  const double position = std::clamp(std::log2(value) / 3.0, 0.0, 1.0) * 4;
  const auto index = std::min<std::size_t>(static_cast<std::size_t>(position), 3);
  const double share = position - static_cast<double>(index);
  std::array<char, 8> text{};
  std::array<int, 3> mixed{};
  for (std::size_t c = 0; c < 3; ++c) {
    mixed.at(c) = static_cast<int>(
        std::lround(kBlue.at(index).at(c) * (1 - share) + kBlue.at(index + 1).at(c) * share));
  }
  std::snprintf(text.data(), text.size(), "#%02X%02X%02X", static_cast<unsigned>(mixed[0]),
                static_cast<unsigned>(mixed[1]), static_cast<unsigned>(mixed[2]));
  return text.data();
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        // Control characters other than line breaks are not allowed in XML at all.
        safe += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return safe;
}

std::string svg_log_curves(std::string_view title, std::span<const SvgCurve> curves) {
  const LogAxis axis = axis_over(curves);
  std::string svg = svg_open(kWidth, kHeight, title);
  for (int decade = static_cast<int>(std::ceil(axis.low)); decade <= axis.high; ++decade) {
    const double y = axis.y(std::pow(10.0, decade));
    svg += line(kLeft, y, kWidth - kRight, y, "grid");
    svg += text_at(kLeft - 6, y + 4, "end", "tick", format_significant(std::pow(10.0, decade), 1));
  }
  svg += line(kLeft, axis.y(1), kWidth - kRight, axis.y(1), "rtn");
  svg += text_at(kWidth - kRight + 6, axis.y(1) + 4, "start", "rtn-name", "RTN");
  for (const double x : {0.0, 0.2, 0.4, 0.6, 0.8}) {
    svg += text_at(plot_x(x), kHeight - 8, "middle", "tick", format_significant(x, 1));
  }
  double last_name = -1e9;
  for (const SvgCurve& curve : curves) {
    if (curve.points.empty()) continue;
    svg += polyline(curve, axis);
    const SvgPoint& end = curve.points.back();
    const double y = std::max(end.y > 0 ? axis.y(end.y) : kTop, last_name + 14);
    last_name = y;
    svg += text_at(plot_x(end.x) + 8, y + 4, "start", "name", curve.label);
  }
  return svg + text_at(kLeft, 12, "start", "tick", "output error, RTN = 1, log scale") + "</svg>";
}

std::string svg_heat_grid(std::string_view title, std::span<const std::string> columns,
                          std::span<const double> values) {
  constexpr double kPitch = 19;
  constexpr double kCell = 17;
  const std::size_t rows = values.size() / columns.size();
  const double width = 36 + static_cast<double>(columns.size()) * (kPitch + 10);
  std::string svg = svg_open(width, 24 + static_cast<double>(rows) * kPitch, title);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    svg += text_at(36 + (static_cast<double>(c) + 0.5) * (kPitch + 10), 14, "middle", "tick",
                   columns[c]);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const double y = 22 + static_cast<double>(r) * kPitch;
    svg += text_at(26, y + 12, "end", "tick", std::to_string(r));
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double value = values[r * columns.size() + c];
      const double x = 36 + static_cast<double>(c) * (kPitch + 10);
      svg +=
          "<rect x='" + coordinate(x) + "' y='" + coordinate(y) + "' width='" +
          coordinate(kCell + 10) + "' height='" + coordinate(kCell) + "' rx='2' " +
          (std::isnan(value) ? std::string("class='kept'") : "fill='" + cell_colour(value) + "'") +
          "><title>block " + std::to_string(r) + " " + escape_html(columns[c]) + ": " +
          (std::isnan(value) ? std::string("kept in FP16") : format_factor(value)) +
          "</title></rect>";
    }
  }
  return svg + "</svg>";
}

}  // namespace salient
