// SPDX-License-Identifier: Apache-2.0
// Pooled values to pixels through the colour table, logarithmic between the ends.
#pragma once

#include <QImage>
#include <vector>

#include "ui/plots/plane_pyramid.h"
#include "ui/style/palette.h"

namespace salient::ui {

// The colour of one value, as the picture draws it.
QRgb heatmapColour(float value, PlaneScale scale, const ColourEnds& ends, Theme theme);

QImage heatmapImage(const std::vector<float>& values, const QSize& pixels, PlaneScale scale,
                    const ColourEnds& ends, Theme theme);

}  // namespace salient::ui
