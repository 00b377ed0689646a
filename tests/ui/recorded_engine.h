// SPDX-License-Identifier: Apache-2.0
#pragma once

// An engine that replays the recorded run: so panes are seen and tested without a model.

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "ui/bridge/engine_commands.h"
#include "ui/bridge/inbox.h"

namespace salient::tests {

/// Answers at once through the inbox. A run stands at the given block until `advance`.
class RecordedEngine : public ui::EngineCommands {
 public:
  explicit RecordedEngine(std::shared_ptr<ui::Inbox> inbox);
  ~RecordedEngine() override;

  ui::JobId open(const std::filesystem::path& path, const JobOptions& options,
                 const std::vector<JobOptions>& alternatives,
                 const std::vector<std::filesystem::path>& knownModels) override;
  ui::JobId scanCache(const std::filesystem::path& root) override;
  ui::JobId replan(const JobOptions& options) override;
  ui::JobId listDevices() override;
  ui::JobId chooseDevice(const std::string& request) override;
  ui::JobId quantize(const Plan& plan) override;
  void pause() override;
  void resume() override;
  void cancel() override;
  ui::JobId study(const ui::StudyRequest& request) override;
  ui::JobId measure(const ui::MeasureRequest& request) override;
  void stopMeasuring() override { ++stops; }
  ui::JobId loadChat(const std::filesystem::path& left,
                     const std::filesystem::path& right) override;
  ui::JobId send(const ui::ChatRequest& request) override;
  void stopChat() override { ++stops; }
  void clearChat() override {}
  ui::JobId evaluate(const ui::EvaluationRequest& request) override;
  ui::JobId exportRun(const std::filesystem::path& run, ExportFormat format,
                      const std::filesystem::path& target,
                      const std::filesystem::path& source) override;

  /// Posts the run's events up to and with the end of `block`, or all of them.
  void advance(std::int64_t block);
  /// Some events of the next block only, so that a cell is seen running.
  void advanceInto(std::size_t events);
  void finish();

  int studies = 0, stops = 0, exports = 0;
  bool gpus = true;          ///< two in the list
  std::string chosenDevice;  ///< the last one asked for
  bool failOpen = false, resumes = false;

  /// An answer is as long as the recorded text, or repeats it up to so many tokens.
  std::size_t answerTokens = 0;
  bool failChat = false;   ///< after the first token
  bool holdChat = false;   ///< until `stream` and `finishAnswer`
  std::string lastPrompt;  ///< as it was asked: empty for an answer again
  /// Posts the next tokens of both answers.
  void stream(std::size_t tokens);
  void finishAnswer();

 private:
  void postUntil(const std::function<bool(const Event&)>& last);

  std::shared_ptr<ui::Inbox> inbox_;
  std::unique_ptr<Backend> backend_;
  ui::JobId lastJob_ = 0, runJob_ = 0, chatJob_ = 0;
  ChatMode chatMode_ = ChatMode::FreeRunning;
  std::size_t streamed_ = 0;
  std::vector<Event> events_;
  std::size_t next_ = 0;
};

}  // namespace salient::tests
