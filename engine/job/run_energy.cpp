// SPDX-License-Identifier: Apache-2.0
#include "engine/job/run_energy.h"

#include <algorithm>

namespace salient {
namespace {

std::optional<InputEnergy> energy_of(const SiteRecord& record, std::int64_t block, Site site,
                                     double share) {
  if (record.magnitude.empty() || record.energy.size() != record.magnitude.size()) return {};
  SiteStats stats;
  stats.energy = record.energy;
  const std::vector<std::int64_t> salient = salient_channels(record.magnitude, share);
  InputEnergy energy;
  energy.block = block;
  energy.site = site;
  energy.salient = static_cast<std::int64_t>(salient.size());
  energy.channels = static_cast<std::int64_t>(record.magnitude.size());
  energy.share = share;
  energy.carried = energy_share(stats, salient);
  return energy;
}

const Architecture* architecture_of(const RunRecord& record) {
  const auto rows = architectures();
  const auto found =
      std::ranges::find(rows, record.summary.architecture, &Architecture::display_name);
  return found == rows.end() ? nullptr : *found;
}

}  // namespace

std::optional<InputEnergy> input_energy(const RunRecord& record, const LinearId& id, double share) {
  const Architecture* architecture = architecture_of(record);
  if (architecture == nullptr || !architecture->has(id.role)) return {};
  const Site site = architecture->row(id.role).input;
  const BlockStatistics statistics = read_block_statistics(record, id.block);
  return energy_of(statistics.sites[index_of(site)], id.block, site, share);
}

std::optional<InputEnergy> loudest_input(const RunRecord& record, double share) {
  std::optional<InputEnergy> loudest;
  const auto blocks = static_cast<std::int64_t>(record.tokens.size());
  for (std::int64_t block = 0; block < blocks; ++block) {
    const BlockStatistics statistics = read_block_statistics(record, block);
    for (const Site site : kSites) {
      const auto energy = energy_of(statistics.sites[index_of(site)], block, site, share);
      if (energy && (!loudest || energy->carried > loudest->carried)) loudest = energy;
    }
  }
  return loudest;
}

}  // namespace salient
