// SPDX-License-Identifier: Apache-2.0
// One axis of a plot: the range, its scale, and the values worth a tick.
#pragma once

#include <QString>
#include <vector>

namespace salient::ui {

enum class AxisScale { Linear, Log };

struct AxisRange {
  double lower = 0;
  double upper = 1;
  AxisScale scale = AxisScale::Linear;

  // 0 at lower, 1 at upper; not clamped. On a log axis values at or below zero give lower.
  double toUnit(double value) const;
  double fromUnit(double unit) const;
};

// Decades on a log axis (1-2-5 steps where the range is shorter than one), else at most wanted
// round values.
std::vector<double> axisTicks(const AxisRange& range, int wanted);

// "0.1", "10", "1e-3": the short form for ticks. Readouts and captions come from the engine ready.
QString tickText(double value);

// Two significant digits, for the ends of a colour bar where no engine text was given.
QString shortNumber(double value);

}  // namespace salient::ui
