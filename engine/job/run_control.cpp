// SPDX-License-Identifier: Apache-2.0
#include "engine/error.h"
#include "engine/job/job.h"

namespace salient {

void RunControl::pause() {
  const std::lock_guard lock(mutex_);
  paused_ = true;
}

void RunControl::resume() {
  {
    const std::lock_guard lock(mutex_);
    paused_ = false;
  }
  changed_.notify_all();
}

bool RunControl::paused() const {
  const std::lock_guard lock(mutex_);
  return paused_;
}

void RunControl::post(std::function<void()> request) {
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  changed_.notify_all();
}

void RunControl::checkpoint(const std::function<void(bool paused)>& on_pause) {
  // Cancelling wakes a paused run.
  const std::stop_callback wake(stop_.get_token(), [this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  bool told = false;
  std::unique_lock lock(mutex_);
  while (!stop_.stop_requested()) {
    if (!requests_.empty()) {
      std::vector<std::function<void()>> requests;
      requests.swap(requests_);
      lock.unlock();
      for (const auto& request : requests) request();
      lock.lock();
      continue;
    }
    if (!paused_) break;
    if (!told) {
      told = true;
      lock.unlock();
      if (on_pause) on_pause(true);
      lock.lock();
      continue;
    }
    changed_.wait(lock);
  }
  lock.unlock();
  if (stop_.stop_requested()) throw Error(ErrorKind::Cancelled, "the run was cancelled");
  if (told && on_pause) on_pause(false);
}

}  // namespace salient
