// SPDX-License-Identifier: Apache-2.0
// The pages of the gallery: each call makes a fresh widget for the current theme; the caller owns
// it.
#pragma once

#include <QBoxLayout>
#include <QWidget>

#include "ui/plots/heatmap_widget.h"
#include "ui/plots/map_widget.h"

namespace salient::ui::gallery {

// Waits for heat maps under construction.
void settle();
// An empty view of the surface colour with the design's padding.
QWidget* page(QBoxLayout*& rows, int width, int height);

QWidget* knobBar();
QWidget* controls();
QWidget* standardWidgets();
QWidget* focusAndStates();

QWidget* channelsView(int channels);
QWidget* errorView(ErrorView shown);
QWidget* errorZoomed();
QWidget* rightColumn();
QWidget* mapView(int finishedBlocks, MapLook look);
QWidget* chatViews();

}  // namespace salient::ui::gallery
