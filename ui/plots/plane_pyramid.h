// SPDX-License-Identifier: Apache-2.0
// Max-pooled levels of one plane, so that a picture of any size keeps every single-column peak.
// Building costs one pass over the data and belongs on a worker; pooling a view is for the GUI
// thread. Immutable after build(). Ratio planes pool the value furthest from 1.
#pragma once

#include <QRectF>
#include <QSize>
#include <memory>
#include <vector>

#include "ui/plots/heatmap_plane.h"

namespace salient::ui {

struct ColourEnds {
  double lower = 0;
  double upper = 1;
};

class PlanePyramid {
 public:
  // order: place on the axis -> column; nullptr keeps the columns as they stand.
  static std::shared_ptr<const PlanePyramid> build(
      const HeatmapPlane& plane, const std::shared_ptr<const std::vector<int>>& order);

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  PlaneScale scale() const { return scale_; }
  float at(int row, int place) const;
  // 50th and 99.8th percentile of the overview's positive values; 1/8 and 8 for ratios.
  ColourEnds defaultEnds() const { return ends_; }

  // The strongest value under every pixel of a picture of view (x: places, y: rows), row by row.
  std::vector<float> pool(const QRectF& view, const QSize& pixels) const;

 private:
  struct Level {
    const float* values;
    int rows;
    int columns;
    int cell;  // source cells per level cell, both ways
  };

  void addLevels();
  void measureEnds();
  const Level& levelFor(double cellsPerPixel) const;

  int rows_ = 0;
  int columns_ = 0;
  PlaneScale scale_ = PlaneScale::Log;
  ColourEnds ends_;
  std::shared_ptr<const float> source_;
  std::vector<std::vector<float>> pooled_;
  std::vector<Level> levels_;
};

}  // namespace salient::ui
