// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/run_folder.h"

#include <utility>

#include "engine/checkpoint/checkpoint.h"

namespace salient::ui {
namespace {

std::shared_ptr<Plan> planOf(const RunRecord& record, const std::filesystem::path& source) {
  const RunSummary& summary = record.summary;
  auto plan = std::make_shared<Plan>();
  plan->options.source = source;
  plan->options.target = record.folder;
  plan->options.scheme = summary.scheme;
  plan->options.group_size_given = true;
  plan->options.method = summary.method;
  plan->options.clip = summary.clip;
  plan->options.calibration = record.calibration;
  plan->calibration_name = record.calibration_name;
  plan->options.format = record.format;
  plan->config = open_checkpoint(record.folder)->config();
  plan->config.name = summary.model;
  plan->architecture = summary.architecture;
  plan->source_precision = summary.source_precision;
  plan->parameters = summary.parameters;
  plan->fp16_bytes = summary.fp16_bytes;
  plan->output_bytes = summary.output_bytes;
  plan->notes = summary.notes;
  for (const LinearReport& report : summary.linears) {
    plan->linears.push_back(report.id);
    plan->settings.push_back(report.settings);
  }
  return plan;
}

std::shared_ptr<const ActivationStats> statsOf(const SiteRecords& sites) {
  auto stats = std::make_shared<ActivationStats>();
  for (const Site site : kSites) {
    const SiteRecord& record = sites[index_of(site)];
    (*stats)[site] = {record.tokens, record.magnitude, record.max, record.energy, {}};
  }
  return stats;
}

bool isSource(const RunRecord& record, const std::filesystem::path& path) {
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return false;
  try {
    return is_source_of(record, *open_checkpoint(path));
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

std::filesystem::path findSource(const RunRecord& record,
                                 const std::vector<std::filesystem::path>& knownModels) {
  std::vector<std::filesystem::path> places = knownModels;
  const std::filesystem::path beside = record.folder.parent_path();
  for (const RecordedSource& source : record.sources) places.push_back(beside / source.name);
  places.push_back(beside / record.summary.model);
  for (const std::filesystem::path& place : places) {
    if (isSource(record, place)) return place;
  }
  return {};
}

RunReopened reopenRun(const RunRecord& record, const std::filesystem::path& source) {
  RunReopened reopened;
  const std::shared_ptr<Plan> plan = planOf(record, source);
  reopened.events.emplace_back(RunStarted{plan->config.num_layers, 0});
  for (std::int64_t block = 0; block < plan->config.num_layers; ++block) {
    const BlockStatistics statistics = read_block_statistics(record, block);
    reopened.events.emplace_back(StatsMeasured{block, statsOf(statistics.sites)});
    for (const LinearReport& report : record.summary.linears) {
      if (report.id.block != block) continue;
      const auto scales = statistics.channel_scales.find(report.id.role);
      reopened.events.emplace_back(LinearQuantized{report, scales == statistics.channel_scales.end()
                                                               ? std::vector<float>()
                                                               : scales->second});
    }
  }
  RunFinished finished;
  finished.seconds = record.summary.quantize_seconds;
  finished.peak_rss_bytes = record.summary.peak_rss_bytes;
  reopened.events.emplace_back(finished);
  reopened.rtn = record.summary.rtn_against_fp16;
  reopened.awq = record.summary.awq_against_fp16;
  reopened.plan = plan;
  // Of many files only the first would be named, so the model's name says more.
  const bool single = record.sources.size() == 1 && record.sources[0].name != "model.safetensors";
  reopened.sourceName = single ? record.sources[0].name : record.summary.model;
  return reopened;
}

}  // namespace salient::ui
