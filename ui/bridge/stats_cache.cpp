// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/stats_cache.h"

#include <algorithm>
#include <utility>

namespace salient::ui {
namespace {

std::int64_t bytesOf(const ActivationStats& stats) {
  std::size_t bytes = 0;
  for (const SiteStats& site : stats.sites) {
    bytes += site.gram.bytes() + (site.magnitude.size() + site.max.size()) * sizeof(float);
  }
  return static_cast<std::int64_t>(bytes);
}

}  // namespace

void StatsCache::put(std::int64_t block, std::shared_ptr<const ActivationStats> stats) {
  entries_.remove_if([block](const Entry& entry) { return entry.block == block; });
  const std::int64_t size = bytesOf(*stats);
  entries_.push_front({block, size, std::move(stats)});
  while (entries_.size() > 1 && bytes() > budgetBytes_) entries_.pop_back();
}

std::shared_ptr<const ActivationStats> StatsCache::get(std::int64_t block) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [block](const Entry& entry) { return entry.block == block; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->stats;
}

std::int64_t StatsCache::bytes() const {
  std::int64_t total = 0;
  for (const Entry& entry : entries_) total += entry.bytes;
  return total;
}

}  // namespace salient::ui
