// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calibration statistics of the blocks seen so far, within a memory budget: the Gram matrices that
// make a knob answer at once. The block that was used longest ago goes first; the newest always
// stays. Engine thread only.

#include <cstdint>
#include <list>
#include <memory>

#include "engine/calibration/calibration.h"

namespace salient::ui {

class StatsCache {
 public:
  explicit StatsCache(std::int64_t budgetBytes) : budgetBytes_(budgetBytes) {}

  void put(std::int64_t block, std::shared_ptr<const ActivationStats> stats);
  /// Null when never measured or evicted.
  std::shared_ptr<const ActivationStats> get(std::int64_t block);
  void clear() { entries_.clear(); }
  std::int64_t bytes() const;

 private:
  struct Entry {
    std::int64_t block = 0;
    std::int64_t bytes = 0;
    std::shared_ptr<const ActivationStats> stats;
  };
  std::int64_t budgetBytes_;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace salient::ui
