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

// Both positive; the default serves a plane without one positive value.
struct ColourEnds {
  double lower = 1e-3;
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
    int cellColumns;  // source columns per level cell
    int cellRows;     // source rows per level cell: the same, or four times as many
  };

  enum class Halve { Rows, Both };
  void addLevels();
  Level halved(const Level& below, Halve which);
  void measureEnds();
  const Level& levelFor(double columnsPerPixel, double rowsPerPixel) const;

  int rows_ = 0;
  int columns_ = 0;
  PlaneScale scale_ = PlaneScale::Log;
  ColourEnds ends_;
  std::shared_ptr<const float> source_;
  std::vector<std::vector<float>> pooled_;
  std::vector<Level> levels_;  // square, each followed by its twin of a quarter of the rows
};

}  // namespace salient::ui
