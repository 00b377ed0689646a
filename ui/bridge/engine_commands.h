// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the window may ask of the engine. Every call returns at once with the id of its job; answers
// come through the inbox. The one real implementation is EngineThread; tests replay recorded runs
// through a second one.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ui/bridge/messages.h"

namespace salient::ui {

/// One linear looked at with certain settings. With `known` (its result in the run) nothing is
/// searched again; the planes and the fixed-s table are measured either way.
struct StudyRequest {
  LinearId linear;
  LinearSettings settings;
  std::vector<LinearSettings> groupSettings;  ///< of the linears that share its s, in role order
  double salientShare = 0.01;
  struct Known {
    LinearReport report;
    std::vector<float> channelScales;
  };
  std::optional<Known> known;
};

/// A block whose Gram matrices are to be had again, from the open model and the options' text.
struct MeasureRequest {
  std::int64_t block = 0;
  JobOptions options;
};

struct ChatRequest {
  std::string systemPrompt;
  std::string prompt;  ///< empty: answer the last prompt again
  ChatOptions options;
};

struct EvaluationRequest {
  Plan plan;
  std::string text;
  std::string textName;
  EvaluationOptions options;
};

class EngineCommands {
 public:
  virtual ~EngineCommands() = default;

  /// Headers only. `alternatives` are planned beside `options` for the preset cards. A finished OUT
  /// is answered by RunReopened, with the one of `knownModels` that it was made from, if any.
  virtual JobId open(const std::filesystem::path& path, const JobOptions& options,
                     const std::vector<JobOptions>& alternatives,
                     const std::vector<std::filesystem::path>& knownModels) = 0;
  /// Headers of every model in the Hugging Face cache `root`, one answer each.
  virtual JobId scanCache(const std::filesystem::path& root) = 0;
  virtual JobId replan(const JobOptions& options) = 0;

  virtual JobId listDevices() = 0;
  /// After what runs now; the open model is opened again there. `request` as --device takes it.
  virtual JobId chooseDevice(const std::string& request) = 0;

  virtual JobId quantize(const Plan& plan) = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual void cancel() = 0;

  /// A newer study replaces an older one that has not finished.
  virtual JobId study(const StudyRequest& request) = 0;

  /// The blocks before it are measured on the way; a newer request replaces an older one.
  virtual JobId measure(const MeasureRequest& request) = 0;
  virtual void stopMeasuring() = 0;

  /// Either path may be empty: that side stays silent.
  virtual JobId loadChat(const std::filesystem::path& left, const std::filesystem::path& right) = 0;
  virtual JobId send(const ChatRequest& request) = 0;
  virtual void stopChat() = 0;
  virtual void clearChat() = 0;

  /// RTN at the run's settings, then the run, each against the source.
  virtual JobId evaluate(const EvaluationRequest& request) = 0;
  /// `source` is the model the run was made from: FP16 needs it.
  virtual JobId exportRun(const std::filesystem::path& run, ExportFormat format,
                          const std::filesystem::path& target,
                          const std::filesystem::path& source) = 0;
};

}  // namespace salient::ui
