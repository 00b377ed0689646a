// SPDX-License-Identifier: Apache-2.0
// Plausible synthetic data for gallery and tests: one linear of 1 536 inputs with a few towering
// channels, its errors, an α curve, step ratios, token divergences. Fixed seeds throughout.
#pragma once

#include <memory>
#include <vector>

#include "ui/plots/curve_plot.h"
#include "ui/plots/distance_plot.h"
#include "ui/plots/heatmap_plane.h"
#include "ui/plots/histogram_plot.h"
#include "ui/plots/map_widget.h"
#include "ui/plots/ribbon_plot.h"
#include "ui/plots/spectrum_plot.h"
#include "ui/plots/speed_plot.h"

namespace salient::ui::sample {

std::shared_ptr<const SpectrumData> spectrum(int channels);

enum class Rounding { Rtn, Awq };
HeatmapPlane errorPlane(int rows, const SpectrumData& data, Rounding rounding);
HeatmapPlane gainPlane(int rows, const SpectrumData& data);

Curve curve(const QString& name, double depth, double start);
HistogramData stepRatios();
std::vector<RibbonToken> tokens();
std::vector<SpeedBar> speedBars();
std::vector<DistanceStrip> distanceStrips();

std::vector<MapColumn> llamaColumns();
// Fills the first finished blocks; the next linear runs.
void fillMap(MapWidget& map, int finishedBlocks);

}  // namespace salient::ui::sample
