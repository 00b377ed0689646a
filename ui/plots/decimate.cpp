// SPDX-License-Identifier: Apache-2.0
#include "ui/plots/decimate.h"

#include <algorithm>
#include <cmath>

namespace salient::ui {

std::vector<MinMax> decimate(std::span<const float> values, double first, double last,
                             int columns) {
  std::vector<MinMax> result(static_cast<std::size_t>(std::max(0, columns)));
  const auto count = static_cast<double>(values.size());
  const double pitch = (last - first) / std::max(1, columns);
  for (std::size_t column = 0; column < result.size(); ++column) {
    const double from = std::clamp(first + static_cast<double>(column) * pitch, 0.0, count);
    const double to = std::clamp(first + static_cast<double>(column + 1) * pitch, 0.0, count);
    const auto begin = static_cast<std::size_t>(std::floor(from + 1e-9));
    const auto end = static_cast<std::size_t>(std::ceil(to - 1e-9));
    if (begin >= end) continue;
    const auto [lower, upper] = std::minmax_element(values.begin() + static_cast<long>(begin),
                                                    values.begin() + static_cast<long>(end));
    result[column] = {*lower, *upper, false};
  }
  return result;
}

}  // namespace salient::ui
