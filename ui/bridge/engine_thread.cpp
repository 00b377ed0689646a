// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/engine_thread.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/backend/device_error.h"
#include "engine/backend/device_request.h"
#include "engine/job/run_record.h"
#include "ui/bridge/cached_model.h"
#include "ui/bridge/chat_desk.h"
#include "ui/bridge/evaluation_desk.h"
#include "ui/bridge/model_desk.h"
#include "ui/bridge/run_folder.h"

namespace salient::ui {

struct EngineThread::Desks {
  explicit Desks(const EngineThreadOptions& options)
      : backend(make_backend({options.device, options.threads, options.deviceMemory})),
        model(*backend, statsBytes(options), hostStatsBytes(options)),
        chat(*backend) {}

  bool onCpu() const { return backend->device().name == "CPU"; }
  /// On a GPU a share of what is free there: the rest is for blocks and for the chat.
  std::int64_t statsBytes(const EngineThreadOptions& options) const {
    constexpr std::int64_t kShareOfGpu = 4;
    if (onCpu()) return options.statsBudgetBytes;
    return std::max(options.statsBudgetBytes, backend->device().free_memory / kShareOfGpu);
  }
  std::int64_t hostStatsBytes(const EngineThreadOptions& options) const {
    return onCpu() ? 0 : options.hostStatsBudgetBytes;
  }

  std::unique_ptr<Backend> backend;
  ModelDesk model;
  ChatDesk chat;
};

EngineThread::EngineThread(std::shared_ptr<Inbox> inbox, const EngineThreadOptions& options)
    : inbox_(std::move(inbox)), options_(options) {}

EngineThread::~EngineThread() {
  cancel();
  const std::lock_guard lock(mutex_);
  for (std::stop_source* source : {&study_, &measure_, &evaluation_}) source->request_stop();
}

void EngineThread::guarded(JobId job, const std::function<void(JobId)>& work) {
  try {
    if (!desks_) desks_ = std::make_unique<Desks>(options_);
    work(job);
  } catch (const Error& error) {
    inbox_->post(JobFailed{job, error.kind(), error.what()});
  } catch (const std::bad_alloc&) {
    inbox_->post(JobFailed{job, ErrorKind::Resources,
                           "There is not enough memory for this; close other programs or choose a "
                           "smaller model."});
  } catch (const std::exception& error) {
    fail(job, error);
  }
}

void EngineThread::fail(JobId job, const std::exception& error) {
  const std::optional<DeviceFault> fault = device_fault(error);
  if (!fault) {
    inbox_->post(JobFailed{job, ErrorKind::Failure, error.what()});
    return;
  }
  inbox_->post(JobFailed{job, fault->error.kind(), fault->error.what()});
  if (!fault->lost) return;
  // The driver refuses this process from now on. Nothing that matters was on the card alone.
  guarded(job, [this](JobId again) { moveTo(again, "cpu"); });
}

void EngineThread::moveTo(JobId job, const std::string& request) {
  EngineThreadOptions options = options_;
  options.device = request == "cuda" ? "cuda:0" : request;
  // The old device is kept where the new one cannot be had.
  auto desks = std::make_unique<Desks>(options);
  desks_->model.moveTo(desks->model);
  desks_ = std::move(desks);
  options_ = options;
  inbox_->post(DeviceChosen{job, options.device, desks_->backend->device()});
}

JobId EngineThread::listDevices() {
  return request([this](JobId job) {
    const DeviceInfo cpu = make_cpu_backend(1)->device();
    DevicesFound found{job, {{"cpu", cpu.name, cpu.free_memory}}, cuda_problem()};
    if (found.sentence.empty()) {
      for (const CudaDevice& gpu : cuda_devices()) {
        found.devices.push_back(
            {"cuda:" + std::to_string(gpu.index), gpu.name, cuda_free_memory(gpu.index)});
      }
    }
    inbox_->post(std::move(found));
  });
}

JobId EngineThread::chooseDevice(const std::string& request) {
  return run([this, request](JobId job) { moveTo(job, request); });
}

JobId EngineThread::request(std::function<void(JobId)> work) {
  const JobId job = ++lastJob_;
  queue_.addRequest([this, job, work = std::move(work)] { guarded(job, work); });
  // A run that is going on serves it between two of its steps.
  if (const std::shared_ptr<RunControl> running = control()) {
    running->post([this] { queue_.serveRequests(); });
  }
  return job;
}

JobId EngineThread::run(std::function<void(JobId)> work) {
  const JobId job = ++lastJob_;
  queue_.addRun([this, job, work = std::move(work)] { guarded(job, work); });
  return job;
}

std::shared_ptr<RunControl> EngineThread::control() {
  const std::lock_guard lock(mutex_);
  return control_;
}

std::stop_token EngineThread::renew(std::stop_source& source) {
  const std::lock_guard lock(mutex_);
  source.request_stop();
  source = std::stop_source();
  return source.get_token();
}

JobId EngineThread::open(const std::filesystem::path& path, const JobOptions& options,
                         const std::vector<JobOptions>& alternatives,
                         const std::vector<std::filesystem::path>& knownModels) {
  return request([this, path, options, alternatives, knownModels](JobId job) {
    if (has_run_record(path)) {
      reopen(job, path, knownModels);
      return;
    }
    desks_->model.open(path);
    ModelOpened opened{job,
                       std::make_shared<const Plan>(desks_->model.plan(options)),
                       {},
                       desks_->backend->device()};
    for (const JobOptions& alternative : alternatives) {
      try {
        opened.alternatives.push_back(
            std::make_shared<const Plan>(desks_->model.plan(alternative)));
      } catch (const Error&) {
        opened.alternatives.push_back(nullptr);
      }
    }
    inbox_->post(std::move(opened));
  });
}

void EngineThread::reopen(JobId job, const std::filesystem::path& folder,
                          const std::vector<std::filesystem::path>& knownModels) {
  RunRecord record = open_run_record(folder);
  const std::filesystem::path source = findSource(record, knownModels);
  RunReopened reopened = reopenRun(record, source);
  reopened.job = job;
  reopened.device = desks_->backend->device();
  if (source.empty()) {
    desks_->model.close();
  } else {
    desks_->model.open(source);
  }
  desks_->model.keepRecord(std::move(record));
  inbox_->post(std::move(reopened));
}

JobId EngineThread::scanCache(const std::filesystem::path& root) {
  return run([this, root](JobId job) {
    for (const CachedModel& model : list_cached_models(root)) {
      CachedModelFound found = inspectCached(*desks_->backend, model);
      found.job = job;
      inbox_->post(std::move(found));
      queue_.serveRequests();
    }
    inbox_->post(CacheScanned{job, desks_->backend->device()});
  });
}

JobId EngineThread::replan(const JobOptions& options) {
  return request([this, options](JobId job) {
    inbox_->post(ModelReplanned{job, std::make_shared<const Plan>(desks_->model.plan(options))});
  });
}

void EngineThread::runJob(JobId job, const Plan& plan, RunControl& control) {
  run_job(*desks_->backend, plan, control, [this, job](const Event& event) {
    if (const auto* measured = std::get_if<StatsMeasured>(&event)) {
      desks_->model.keepStats(measured->block, measured->stats);
    }
    inbox_->post(RunReported{job, event});
  });
}

JobId EngineThread::quantize(const Plan& plan) {
  const auto control = std::make_shared<RunControl>();
  {
    const std::lock_guard lock(mutex_);
    control_ = control;
  }
  return run([this, plan, control](JobId job) {
    runJob(job, plan, *control);
    if (has_run_record(plan.options.target)) {
      desks_->model.keepRecord(open_run_record(plan.options.target));
    }
    queue_.serveRequests();
  });
}

void EngineThread::pause() {
  if (const std::shared_ptr<RunControl> running = control()) running->pause();
}

void EngineThread::resume() {
  if (const std::shared_ptr<RunControl> running = control()) running->resume();
}

void EngineThread::cancel() {
  stopChat();
  if (const std::shared_ptr<RunControl> running = control()) running->cancel();
}

JobId EngineThread::study(const StudyRequest& studyRequest) {
  const std::stop_token stop = renew(study_);
  return request([this, studyRequest, stop](JobId job) {
    if (stop.stop_requested()) return;
    desks_->model.study(job, studyRequest, stop,
                        [this](Message message) { inbox_->post(std::move(message)); });
  });
}

JobId EngineThread::measure(const MeasureRequest& measureRequest) {
  const std::stop_token stop = renew(measure_);
  return run([this, measureRequest, stop](JobId job) {
    desks_->model.measure(
        job, measureRequest, stop, [this](Message message) { inbox_->post(std::move(message)); },
        [this] { queue_.serveRequests(); });
  });
}

void EngineThread::stopMeasuring() {
  const std::lock_guard lock(mutex_);
  measure_.request_stop();
}

JobId EngineThread::loadChat(const std::filesystem::path& left,
                             const std::filesystem::path& right) {
  return request(
      [this, left, right](JobId job) { inbox_->post(desks_->chat.load(job, left, right)); });
}

JobId EngineThread::send(const ChatRequest& chatRequest) {
  const std::stop_token stop = renew(chat_);
  return request([this, chatRequest, stop](JobId job) {
    desks_->chat.answer(
        job, chatRequest, stop, [this](Message message) { inbox_->post(std::move(message)); },
        [this] { queue_.serveRequests(); });
  });
}

void EngineThread::stopChat() {
  const std::lock_guard lock(mutex_);
  chat_.request_stop();
}

void EngineThread::clearChat() {
  request([this](JobId) { desks_->chat.clear(); });
}

JobId EngineThread::evaluate(const EvaluationRequest& evaluationRequest) {
  const std::stop_token stop = renew(evaluation_);
  return run([this, evaluationRequest, stop](JobId job) {
    evaluateRun(
        *desks_->backend, job, evaluationRequest, stop,
        [this](Message message) { inbox_->post(std::move(message)); },
        [this] { queue_.serveRequests(); });
  });
}

JobId EngineThread::exportRun(const std::filesystem::path& runFolder, ExportFormat format,
                              const std::filesystem::path& target,
                              const std::filesystem::path& source) {
  const std::stop_token stop = renew(evaluation_);
  return run([this, runFolder, format, target, source, stop](JobId job) {
    export_run(runFolder, format, target, ExistingTarget::Refuse, source, stop,
               [](const std::string&, double) {});
    inbox_->post(Exported{job, target});
  });
}

}  // namespace salient::ui
