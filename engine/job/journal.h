// SPDX-License-Identifier: Apache-2.0
#pragma once

// The journal of a run: immutable sealed files in the job folder. The set of valid step files is
// the state.
//
//   plan.json               written first
//   steps/0001-layer00.st   one per finished block, each naming the seal of the one before
//   acts.N                  hidden states that feed block N, the last two only
//   log                     what happened, for people (run_log.h)
//
// A file that cannot be verified is never used: recovery stops at the first step that is missing or
// wrong, and removes it and all later ones. Recovery is idempotent.

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "engine/export/job_folder.h"
#include "engine/job/block_record.h"

namespace salient {

class Journal : public BlockSource {
 public:
  /// `folder` is locked and outlives this. `job_id` and `chain_start` tie every file to this run.
  /// Everything below throws Error(Cancelled) soon after a request to stop, and then has no effect.
  Journal(const JobFolder& folder, const DecoderShape& shape, std::string job_id,
          std::string chain_start, std::stop_token stop = {});

  /// Removes what cannot be used and returns how many blocks are finished.
  std::int64_t recover();

  /// The next step: block number = finished blocks so far.
  void put(const BlockRecord& record);
  BlockRecord read(std::int64_t block) const;

  /// What enters `block`; older ones than the one before are removed.
  void put_activations(std::int64_t block, const CalibrationState& state);
  /// The newest that is sound, at most for block `at_most`.
  std::optional<std::pair<std::int64_t, CalibrationState>> activations(std::int64_t at_most) const;

  std::int64_t num_blocks() const override { return shape_.config.num_layers; }
  QuantizedBlock block(std::int64_t index) const override { return read(index).block; }
  std::vector<NamedTensor> record(std::int64_t index) const override {
    return record_tensors(read(index));
  }

 private:
  std::string step_name(std::int64_t block) const;
  /// The record if the file is sound and follows `previous`; its seal goes to `seal`.
  BlockRecord read_chained(std::int64_t block, const std::string& previous,
                           std::string& seal) const;

  const JobFolder& job_;
  Folder steps_;
  DecoderShape shape_;
  std::string job_id_;
  std::stop_token stop_;
  std::vector<std::string> seals_;  ///< [0] is the chain's start, [n] the seal of step n
};

/// Names of the journal's files in a job folder, so that they are removed by name.
void remove_journal_files(const Folder& job_folder);
/// Step files in a row from the first one, by name only.
std::int64_t count_steps(const std::filesystem::path& job_folder);

}  // namespace salient
