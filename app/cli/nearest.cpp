// SPDX-License-Identifier: Apache-2.0
#include "app/cli/nearest.h"

#include <algorithm>
#include <vector>

namespace salient::app {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t columns = b.size() + 1;
  std::vector<std::size_t> cost((a.size() + 1) * columns);
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i * columns] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      std::size_t best = std::min({cost[(i - 1) * columns + j] + 1, cost[i * columns + j - 1] + 1,
                                   cost[(i - 1) * columns + j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        best = std::min(best, cost[(i - 2) * columns + j - 2] + 1);
      }
      cost[i * columns + j] = best;
    }
  }
  return cost.back();
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string best;
  std::size_t distance = word.size() / 3 + 2;
  for (const std::string& candidate : known) {
    const std::size_t now = edit_distance(word, candidate);
    if (now < distance) {
      distance = now;
      best = candidate;
    }
  }
  return best;
}

}  // namespace salient::app
