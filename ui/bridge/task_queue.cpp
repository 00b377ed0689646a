// SPDX-License-Identifier: Apache-2.0
#include "ui/bridge/task_queue.h"

#include <utility>

namespace salient::ui {

TaskQueue::TaskQueue() : worker_([this](const std::stop_token& stop) { work(stop); }) {}

TaskQueue::~TaskQueue() {
  worker_.request_stop();
  worker_.join();
}

void TaskQueue::addRun(Task task) {
  const std::lock_guard lock(mutex_);
  runs_.push_back(std::move(task));
  changed_.notify_one();
}

void TaskQueue::addRequest(Task task) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(task));
  changed_.notify_one();
}

void TaskQueue::serveRequests() {
  while (true) {
    Task task;
    {
      const std::lock_guard lock(mutex_);
      if (requests_.empty()) return;
      task = std::move(requests_.front());
      requests_.pop_front();
    }
    task();
  }
}

void TaskQueue::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    serveRequests();
    Task run;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return !runs_.empty() || !requests_.empty(); });
      if (stop.stop_requested()) return;
      if (!requests_.empty()) continue;
      run = std::move(runs_.front());
      runs_.pop_front();
    }
    run();
  }
}

}  // namespace salient::ui
