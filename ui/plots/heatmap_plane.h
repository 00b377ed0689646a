// SPDX-License-Identifier: Apache-2.0
// What the heat map shows: one matrix of floats, shared and never changed after it was given.
#pragma once

#include <QString>
#include <memory>

namespace salient::ui {

enum class PlaneScale {
  Log,    // magnitudes: sequential colours, log, ends at the 50th and 99.8th percentile
  Ratio,  // gain: diverging colours, log2, centre 1, ends 8
};

struct HeatmapPlane {
  std::shared_ptr<const float> values;  // [rows, columns] row-major, f32, not negative
  int rows = 0;
  int columns = 0;
  PlaneScale scale = PlaneScale::Log;
  QString quantity;  // beside the colour bar: "|error| × magnitude"

  bool empty() const { return values == nullptr || rows == 0 || columns == 0; }
};

}  // namespace salient::ui
