// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one engine thread: turns commands into jobs with ids, runs them one after another, serves
// short requests between the steps of a long one, and posts what happened into the inbox. Called
// from the window's thread; never waits. An exception becomes JobFailed with its sentence.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

#include "ui/bridge/engine_commands.h"
#include "ui/bridge/inbox.h"
#include "ui/bridge/task_queue.h"

namespace salient::ui {

struct EngineThreadOptions {
  int threads = 0;                ///< of the CPU backend; 0: one per core
  std::string device = "cpu";     ///< as --device takes it
  std::int64_t deviceMemory = 0;  ///< bytes of a GPU at most; 0: all
  /// Gram matrices kept for the knobs.
  std::int64_t statsBudgetBytes = std::int64_t{768} << 20;
  /// The same in the host's memory, of what a GPU has no room for.
  std::int64_t hostStatsBudgetBytes = std::int64_t{4} << 30;
};

class EngineThread final : public EngineCommands {
 public:
  EngineThread(std::shared_ptr<Inbox> inbox, const EngineThreadOptions& options);
  /// Cancels what runs and waits for it: under 200 ms.
  ~EngineThread() override;

  JobId open(const std::filesystem::path& path, const JobOptions& options,
             const std::vector<JobOptions>& alternatives,
             const std::vector<std::filesystem::path>& knownModels) override;
  JobId scanCache(const std::filesystem::path& root) override;
  JobId replan(const JobOptions& options) override;
  JobId listDevices() override;
  JobId chooseDevice(const std::string& request) override;
  JobId quantize(const Plan& plan) override;
  void pause() override;
  void resume() override;
  void cancel() override;
  JobId study(const StudyRequest& request) override;
  JobId measure(const MeasureRequest& request) override;
  void stopMeasuring() override;
  JobId loadChat(const std::filesystem::path& left, const std::filesystem::path& right) override;
  JobId send(const ChatRequest& request) override;
  void stopChat() override;
  void clearChat() override;
  JobId evaluate(const EvaluationRequest& request) override;
  JobId exportRun(const std::filesystem::path& run, ExportFormat format,
                  const std::filesystem::path& target,
                  const std::filesystem::path& source) override;

 private:
  struct Desks;

  JobId request(std::function<void(JobId)> work);
  JobId run(std::function<void(JobId)> work);
  void guarded(JobId job, const std::function<void(JobId)>& work);
  void fail(JobId job, const std::exception& error);
  void moveTo(JobId job, const std::string& request);
  void reopen(JobId job, const std::filesystem::path& folder,
              const std::vector<std::filesystem::path>& knownModels);
  void runJob(JobId job, const Plan& plan, RunControl& control);
  std::stop_token renew(std::stop_source& source);
  std::shared_ptr<RunControl> control();

  std::shared_ptr<Inbox> inbox_;
  EngineThreadOptions options_;
  std::unique_ptr<Desks> desks_;  // made on the engine thread by the first task
  std::atomic<JobId> lastJob_ = kNoJob;
  std::mutex mutex_;
  std::shared_ptr<RunControl> control_;  // of the run asked for last
  std::stop_source study_, measure_, chat_, evaluation_;
  TaskQueue queue_;  // last: its thread uses everything above
};

}  // namespace salient::ui
