// SPDX-License-Identifier: Apache-2.0
// Many values on few pixel columns: the smallest and the largest value of each column, so that a
// single tall channel is drawn at any width.
#pragma once

#include <span>
#include <vector>

namespace salient::ui {

struct MinMax {
  float lower = 0;
  float upper = 0;
  bool empty = true;
};

// values[first, last) spread evenly over columns; each column covers every value it touches.
std::vector<MinMax> decimate(std::span<const float> values, double first, double last, int columns);

}  // namespace salient::ui
