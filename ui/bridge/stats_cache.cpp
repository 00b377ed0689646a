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

/// The same statistics with every tensor as `moved` gives it.
template <class Moved>
std::shared_ptr<const ActivationStats> movedStats(const ActivationStats& stats,
                                                  const Moved& moved) {
  auto twin = std::make_shared<ActivationStats>(stats);
  for (SiteStats& site : twin->sites) site.gram = moved(site.gram);
  for (Tensor& input : twin->kept_inputs) input = moved(input);
  return twin;
}

template <class Entries>
auto find(Entries& entries, std::int64_t block) {
  return std::find_if(entries.begin(), entries.end(),
                      [block](const auto& entry) { return entry.block == block; });
}

template <class Entries>
std::int64_t sum(const Entries& entries) {
  std::int64_t total = 0;
  for (const auto& entry : entries) total += entry.bytes;
  return total;
}

}  // namespace

void StatsCache::insert(Entry entry) {
  onDevice_.push_front(std::move(entry));
  while (onDevice_.size() > 1 && bytes() > deviceBudget_) {
    Entry oldest = std::move(onDevice_.back());
    onDevice_.pop_back();
    if (backend_ == nullptr || oldest.bytes > hostBudget_) continue;
    oldest.stats = movedStats(*oldest.stats,
                              [this](const Tensor& tensor) { return backend_->download(tensor); });
    onHost_.push_front(std::move(oldest));
    while (hostBytes() > hostBudget_) onHost_.pop_back();
  }
}

void StatsCache::put(std::int64_t block, std::shared_ptr<const ActivationStats> stats) {
  const auto same = [block](const Entry& entry) { return entry.block == block; };
  onDevice_.remove_if(same);
  onHost_.remove_if(same);
  const std::int64_t size = bytesOf(*stats);
  insert({block, size, std::move(stats)});
}

std::shared_ptr<const ActivationStats> StatsCache::get(std::int64_t block) {
  if (const auto found = find(onDevice_, block); found != onDevice_.end()) {
    onDevice_.splice(onDevice_.begin(), onDevice_, found);
    return found->stats;
  }
  const auto found = find(onHost_, block);
  if (found == onHost_.end()) return nullptr;
  Entry entry = std::move(*found);
  onHost_.erase(found);
  entry.stats =
      movedStats(*entry.stats, [this](const Tensor& tensor) { return backend_->upload(tensor); });
  const std::shared_ptr<const ActivationStats> stats = entry.stats;
  insert(std::move(entry));
  return stats;
}

void StatsCache::clear() {
  onDevice_.clear();
  onHost_.clear();
}

std::int64_t StatsCache::bytes() const {
  return sum(onDevice_);
}

std::int64_t StatsCache::hostBytes() const {
  return sum(onHost_);
}

}  // namespace salient::ui
