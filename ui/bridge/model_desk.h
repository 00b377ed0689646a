// SPDX-License-Identifier: Apache-2.0
#pragma once

// The open model as the engine thread holds it: checkpoint, the block that was read last, and the
// statistics seen so far. Answers plans and studies; engine thread only.

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>

#include "engine/checkpoint/checkpoint.h"
#include "engine/job/run_record.h"
#include "engine/model/decoder.h"
#include "ui/bridge/engine_commands.h"
#include "ui/bridge/stats_cache.h"

namespace salient::ui {

class ModelDesk {
 public:
  /// A budget for the statistics in the device's memory, and one for those in the host's where
  /// that is another one.
  ModelDesk(Backend& backend, std::int64_t statsBytes, std::int64_t hostStatsBytes);

  /// Throws Error as open_checkpoint does. Forgets the statistics of another model.
  void open(const std::filesystem::path& path);
  void close();
  /// Opens on `other` (another device) what is open here; statistics stay behind.
  void moveTo(ModelDesk& other);
  Plan plan(const JobOptions& options) const;
  /// A published run: its record answers for blocks whose statistics are not in memory.
  void keepRecord(RunRecord record) { record_ = std::move(record); }
  void keepStats(std::int64_t block, std::shared_ptr<const ActivationStats> stats);

  /// Posts LinearSearched (estimate, then exact), PlanesMeasured and FixedScalesMeasured, or
  /// LinearNotMeasured (after the planes, where the run's record has them).
  void study(JobId job, const StudyRequest& request, const std::stop_token& stop,
             const std::function<void(Message)>& post);

  /// Posts BlockMeasuring and BlockMeasured, and keeps the statistics of every block on the way.
  /// `between` runs after each window; it may open another model, which ends this by Cancelled.
  void measure(JobId job, const MeasureRequest& request, const std::stop_token& stop,
               const std::function<void(Message)>& post, const std::function<void()>& between);

 private:
  /// Made when it is first asked for: a card needs no shape.
  const DecoderShape& shape();
  const Block& blockAt(std::int64_t block);
  void showRecorded(JobId job, const StudyRequest& request,
                    const std::function<void(Message)>& post);

  Backend& backend_;
  StatsCache stats_;
  std::optional<RunRecord> record_;
  std::filesystem::path path_;
  std::unique_ptr<Checkpoint> checkpoint_;
  DecoderShape shape_;
  std::int64_t blockIndex_ = -1;
  Block block_;
};

}  // namespace salient::ui
