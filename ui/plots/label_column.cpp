// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/label_column.h"

#include <algorithm>
#include <numeric>

namespace salient::ui {

std::vector<double> spreadLabels(const std::vector<double>& wanted, double distance, double top,
                                 double bottom) {
  std::vector<std::size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  // Runs of labels that touch; each stands around the mean of what its labels want.
  struct Run {
    double sum;
    double count;
    double first(double gap) const { return sum / count - (count - 1) * gap / 2; }
    double last(double gap) const { return sum / count + (count - 1) * gap / 2; }
  };
  std::vector<Run> runs;
  for (const std::size_t index : order) {
    runs.push_back({std::clamp(wanted[index], top, std::max(top, bottom)), 1});
    while (runs.size() > 1 &&
           runs[runs.size() - 2].last(distance) + distance > runs.back().first(distance)) {
      const Run merged = runs.back();
      runs.pop_back();
      runs.back().sum += merged.sum;
      runs.back().count += merged.count;
    }
  }
  std::vector<double> placed(wanted.size());
  std::size_t next = 0;
  for (const Run& run : runs) {
    const double length = (run.count - 1) * distance;
    const double start = std::clamp(run.first(distance), top, std::max(top, bottom - length));
    for (int i = 0; i < static_cast<int>(run.count); ++i) {
      placed[order[next++]] = start + i * distance;
    }
  }
  return placed;
}

}  // namespace salient::ui
