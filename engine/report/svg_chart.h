// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small charts as inline SVG text, in the colours of the window's light theme. Pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

/// Text made safe inside HTML and SVG.
std::string escape_html(std::string_view text);

struct SvgPoint {
  double x = 0;
  double y = 0;
};
struct SvgCurve {
  std::string label;
  std::vector<SvgPoint> points;
};

/// Curves over x in [0, 1] on a logarithmic y axis, with a dashed baseline at y = 1 named RTN.
/// Points that are not positive are left out. `title` is the accessible name.
std::string svg_log_curves(std::string_view title, std::span<const SvgCurve> curves);

/// A grid of cells, rows × columns, coloured by log2(value) from 1 (pale) to 8 (full blue); values
/// below 1 are ochre, NaN is hollow. Column labels above, row numbers at the left.
std::string svg_heat_grid(std::string_view title, std::span<const std::string> columns,
                          std::span<const double> values);

}  // namespace salient
