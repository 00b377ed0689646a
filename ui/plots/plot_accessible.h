// SPDX-License-Identifier: Apache-2.0
// Plots for screen readers: role Chart, the caption and readout as text, the cursor as a value.
#pragma once

namespace salient::ui {

// Registers the interface for every PlotWidget; safe to call again.
void installPlotAccessibility();

}  // namespace salient::ui
