// SPDX-License-Identifier: Apache-2.0
// The two colour scales as 256-entry tables, interpolated in OKLab from the design's nine anchors.
// Sequential: more always stands further from the window. Diverging: 0 is "RTN better", 255 is
// "AWQ better", the middle is even. Tables are built once per theme and never change.
#pragma once

#include <QRgb>
#include <array>

#include "ui/style/palette.h"

namespace salient::ui {

using ColorTable = std::array<QRgb, 256>;

enum class ColorScale { Sequential, Diverging };

const ColorTable& colorTable(ColorScale scale, Theme theme);

// OKLab lightness (0 to 1), by which the tables are even and monotone.
double oklabLightness(QRgb colour);

// Entry for unit in [0, 1]; values outside and NaN are clamped to an end.
QRgb colorAt(const ColorTable& table, double unit);

}  // namespace salient::ui
