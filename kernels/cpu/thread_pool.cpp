// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <new>
#include <set>
#include <string>

#include <pthread.h>
#include <sched.h>

namespace salient::kernels::cpu {

namespace {

constexpr std::align_val_t kAlignment{64};
/// How long a worker spins before it sleeps: longer than the gap between two stages of a decoded
/// token, short enough that a window on the same cores stays alive.
constexpr std::chrono::microseconds kSpin{50};
constexpr int kPausesPerClockRead = 32;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// The kernel's list of the hardware threads that share this one's core, or its own number.
std::string siblings_of(int cpu) {
  const std::string path =
      "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list";
  std::ifstream file(path);
  std::string line;
  return std::getline(file, line) ? line : std::to_string(cpu);
}

void pin(std::thread& worker, int core) {
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(static_cast<std::size_t>(core), &only);
  pthread_setaffinity_np(worker.native_handle(), sizeof(only), &only);
}

}  // namespace

void Scratch::Free::operator()(float* data) const {
  ::operator delete(data, kAlignment);
}

float* Scratch::floats(std::size_t count) {
  if (count > count_) {
    data_.reset();
    count_ = 0;
    data_.reset(static_cast<float*>(::operator new(count * sizeof(float), kAlignment)));
    count_ = count;
  }
  return data_.get();
}

std::vector<int> physical_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return {0};
  std::set<std::string> seen;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &allowed) == 0) continue;
    if (seen.insert(siblings_of(cpu)).second) cores.push_back(cpu);
  }
  if (cores.empty()) cores.push_back(0);
  return cores;
}

ThreadPool::ThreadPool(int threads) : cores_(physical_cores()) {
  threads_ = threads > 0 ? threads : static_cast<int>(cores_.size());
  scratch_.resize(static_cast<std::size_t>(threads_));
  if (threads_ > static_cast<int>(cores_.size())) cores_.clear();
  for (int part = 1; part < threads_; ++part) {
    workers_.emplace_back([this, part] { work(part); });
    if (!cores_.empty()) pin(workers_.back(), cores_[static_cast<std::size_t>(part)]);
  }
}

ThreadPool::~ThreadPool() {
  stopping_.store(true);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::wait_for_change(const std::atomic<std::uint32_t>& counter, std::uint32_t old) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < kPausesPerClockRead; ++i) {
      if (counter.load(std::memory_order_acquire) != old) return;
      pause();
    }
  } while (std::chrono::steady_clock::now() - start < kSpin);
  counter.wait(old, std::memory_order_acquire);
}

void ThreadPool::make_way_for_caller() {
  const int here = sched_getcpu();
  if (cores_.empty() || here == cores_.front()) return;
  for (std::size_t part = 1; part < static_cast<std::size_t>(threads_); ++part) {
    if (cores_[part] != here) continue;
    std::swap(cores_.front(), cores_[part]);
    pin(workers_[part - 1], cores_[part]);
    return;
  }
}

void ThreadPool::work(int part) {
  std::uint32_t seen = 0;
  while (true) {
    wait_for_change(generation_, seen);
    ++seen;
    if (stopping_.load()) return;
    task_.call(task_.object, part);
    done_.fetch_add(1, std::memory_order_acq_rel);
    done_.notify_one();
  }
}

void ThreadPool::run_task(Task task) {
  if (threads_ == 1) {
    task.call(task.object, 0);
    return;
  }
  make_way_for_caller();
  task_ = task;
  done_.store(0, std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  task.call(task.object, 0);
  const auto workers = static_cast<std::uint32_t>(threads_ - 1);
  std::uint32_t finished = done_.load(std::memory_order_acquire);
  while (finished != workers) {
    wait_for_change(done_, finished);
    finished = done_.load(std::memory_order_acquire);
  }
}

}  // namespace salient::kernels::cpu
