// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is known about the open model and its run, as a value: the events of the engine folded into
// one struct. Views read a shared immutable snapshot; large arrays are shared between snapshots.
// Gram matrices are not kept here, only what the views draw.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/job/job.h"

namespace salient::ui {

enum class RunPhase { Empty, Planned, Running, Paused, Exporting, Finished, Cancelled, Failed };

/// One distinct linear input over the calibration tokens.
struct SiteProfile {
  std::vector<float> magnitude;  ///< [features] mean |x|
  std::vector<float> energy;     ///< [features] mean x²; empty where it was not kept (a record)
  std::int64_t tokens = 0;
};
using BlockProfile = std::array<SiteProfile, kSites.size()>;

enum class LinearStage { Planned, Running, Done, Kept };

struct LinearResult {
  LinearReport report;
  std::vector<float> channelScales;  ///< [in_features]
};

struct LinearState {
  LinearId id;
  LinearSettings settings;
  LinearStage stage = LinearStage::Planned;
  std::vector<AlphaTrial> trials;  ///< landed so far
  std::shared_ptr<const LinearResult> result;
};

struct RunState {
  RunPhase phase = RunPhase::Empty;
  std::shared_ptr<const Plan> plan;
  std::vector<LinearState> linears;                           ///< in the plan's order
  std::vector<std::shared_ptr<const BlockProfile>> profiles;  ///< by block, null until measured
  std::int64_t firstBlock = 0;                                ///< > 0 when resumed
  std::int64_t currentBlock = -1;
  std::optional<LinearId> current;  ///< being searched
  std::int64_t calibratedWindows = 0, calibrationWindows = 0;
  std::string exportStep;
  double exportShare = 0;
  std::optional<double> secondsLeft;
  std::int64_t peakRssBytes = 0;
  RunFinished finished;
  std::vector<std::string> warnings;

  bool active() const {
    return phase == RunPhase::Running || phase == RunPhase::Paused || phase == RunPhase::Exporting;
  }
  const LinearState* find(const LinearId& id) const;
  /// Null until that block was measured.
  const SiteProfile* profileOf(const LinearId& id) const;
  std::int64_t doneLinears() const;
  /// Share of the whole run, 0 to 1: blocks, and the windows of the block being measured.
  double progress() const;
};

/// A fresh state for a plan: every linear planned, or kept.
RunState plannedRun(std::shared_ptr<const Plan> plan);
void apply(RunState& state, const Event& event);

/// What the model is called: of a GGUF its file's name without the quantization, since files say
/// little of use inside.
std::string modelName(const Plan& plan);

}  // namespace salient::ui
