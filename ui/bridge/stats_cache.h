// SPDX-License-Identifier: Apache-2.0
#pragma once

// Calibration statistics of the blocks seen so far, within two memory budgets: the Gram matrices
// that make a knob answer at once. The device's memory first; what was used longest ago goes to the
// host's memory where that is another one, and from there it is forgotten. The newest always stays.
// Engine thread only.

#include <cstdint>
#include <list>
#include <memory>

#include "engine/calibration/calibration.h"

namespace salient::ui {

class StatsCache {
 public:
  /// `hostBytes` 0: what leaves the device's budget is forgotten. The backend outlives this; it is
  /// only used where there is a host budget.
  explicit StatsCache(std::int64_t deviceBytes, Backend* backend = nullptr,
                      std::int64_t hostBytes = 0)
      : backend_(backend), deviceBudget_(deviceBytes), hostBudget_(hostBytes) {}

  void put(std::int64_t block, std::shared_ptr<const ActivationStats> stats);
  /// In the device's memory; null when never measured or forgotten.
  std::shared_ptr<const ActivationStats> get(std::int64_t block);
  void clear();
  /// In the device's memory.
  std::int64_t bytes() const;
  std::int64_t hostBytes() const;

 private:
  struct Entry {
    std::int64_t block = 0;
    std::int64_t bytes = 0;
    std::shared_ptr<const ActivationStats> stats;
  };
  using Entries = std::list<Entry>;  // most recently used first

  void insert(Entry entry);

  Backend* backend_;
  std::int64_t deviceBudget_, hostBudget_;
  Entries onDevice_, onHost_;
};

}  // namespace salient::ui
