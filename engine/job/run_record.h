// SPDX-License-Identifier: Apache-2.0
#pragma once

// Our own record in a published folder, OUT/salient: what `inspect`, `report`, the window and
// `export` reopen. record.json holds plan, reports with their curves, and measurements;
// layerNN.safetensors holds scales, clip thresholds and channel statistics of one block. Foreign
// input like any file: Error(BadInput) names what is wrong.

#include <array>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/export/export.h"
#include "engine/job/block_record.h"
#include "engine/job/job.h"
#include "engine/report/run_summary.h"

namespace salient {

/// A file that the run was made from; no path, so that a published folder says nothing about the
/// machine it was made on.
struct RecordedSource {
  std::string name;
  std::uint64_t size = 0;
  std::string header_sha256;
};

struct RunRecord {
  std::filesystem::path folder;
  std::string tool;  ///< "salient 0.1.0"
  ExportFormat format = ExportFormat::Awq;
  LossSite loss_site = LossSite::LinearOutput;
  CalibrationOptions calibration;
  std::string calibration_name;
  std::vector<RecordedSource> sources;
  /// Reports in block and role order, evaluations and speeds where they were measured.
  RunSummary summary;
  std::vector<std::vector<std::int64_t>> tokens;  ///< per block and site

  const LinearReport* find(const LinearId& id) const;
};

bool has_run_record(const std::filesystem::path& folder);
RunRecord open_run_record(const std::filesystem::path& folder);
/// Whether `model` has the files that the run was made from: same sizes, same headers.
bool is_source_of(const RunRecord& record, const Checkpoint& model);

/// One block's arrays, read when asked for.
struct BlockStatistics {
  SiteRecords sites;
  std::map<LinearRole, std::vector<float>> channel_scales;  ///< [in_features]
  std::map<LinearRole, Tensor> clip;                        ///< [out_features, num_groups] F32
};
BlockStatistics read_block_statistics(const RunRecord& record, std::int64_t block);

/// Puts what was measured after the run (evaluations, tokens per second, seconds, peak memory) into
/// record.json and writes the model card again; both by rename.
void store_measurements(const std::filesystem::path& folder, const RunSummary& summary);

/// `salient export RUN --format … -o TARGET`: another form of a published run. FP16 needs the model
/// that the run was made from, `source`; the others do not.
void export_run(const std::filesystem::path& run, ExportFormat format,
                const std::filesystem::path& target, ExistingTarget existing,
                const std::filesystem::path& source, const std::stop_token& stop,
                const ExportProgressSink& progress);

/// The text of record.json for a finished run, and the summary it is made from.
RunSummary summary_of(const Plan& plan, const std::vector<LinearReport>& reports);
std::string record_text(const Plan& plan, const RunSummary& summary,
                        const std::vector<SiteRecords>& sites);

}  // namespace salient
