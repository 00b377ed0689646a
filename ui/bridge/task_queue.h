// SPDX-License-Identifier: Apache-2.0
#pragma once

// One worker thread with two lanes. Runs (quantizing, evaluating) wait for each other; requests
// (a knob, a chat turn) are short and go first: between runs, and inside a run whenever it calls
// `serveRequests`. Destruction lets the current task end and drops the rest.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace salient::ui {

class TaskQueue {
 public:
  using Task = std::function<void()>;

  TaskQueue();
  ~TaskQueue();
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  void addRun(Task task);
  void addRequest(Task task);
  /// On the worker's thread: does the requests that are waiting now.
  void serveRequests();

 private:
  void work(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> runs_;
  std::deque<Task> requests_;
  std::jthread worker_;
};

}  // namespace salient::ui
