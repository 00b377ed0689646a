// SPDX-License-Identifier: Apache-2.0
#pragma once

// Our own workers: pinned, one per core, woken by a generation counter. The calling thread takes
// part as part 0, so a pool of one thread has no worker at all. Which thread runs a part never
// decides a result. One caller at a time; `run` blocks until every part is done.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace salient::kernels::cpu {

/// Memory of one part that outlives the call: it grows and is never given back. 64-byte aligned.
class Scratch {
 public:
  /// At least `count` floats; the content is whatever was there. Invalidates earlier pointers.
  float* floats(std::size_t count);

 private:
  struct Free {
    void operator()(float* data) const;
  };
  std::unique_ptr<float, Free> data_;
  std::size_t count_ = 0;
};

/// Logical CPUs this process may use, one per physical core.
std::vector<int> physical_cores();

class ThreadPool {
 public:
  /// `threads` 0: one per physical core of this process's affinity.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return threads_; }
  /// Calls body(part) once for each part in 0 … size()-1, in parallel. The body must not throw.
  template <class Body>
  void run(Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run_task({[](void* object, int part) { (*static_cast<Plain*>(object))(part); },
              const_cast<void*>(static_cast<const void*>(&body))});
  }
  /// Scratch memory of one part.
  Scratch& scratch(int part) { return scratch_[static_cast<std::size_t>(part)]; }
  /// Scratch memory that one run fills and the next one reads.
  Scratch& shared_scratch() { return shared_scratch_; }

 private:
  struct Task {
    void (*call)(void*, int) = nullptr;
    void* object = nullptr;
  };

  void run_task(Task task);
  void work(int part);
  /// The scheduler may put the caller on a worker's core, where each would wait for the other to be
  /// descheduled. The worker then gets the core that the caller has left.
  void make_way_for_caller();
  /// Waits until `counter` differs from `old`: a short spin, then a sleep in the kernel.
  static void wait_for_change(const std::atomic<std::uint32_t>& counter, std::uint32_t old);

  int threads_ = 1;
  Task task_;
  alignas(64) std::atomic<std::uint32_t> generation_{0};
  alignas(64) std::atomic<std::uint32_t> done_{0};
  std::atomic<bool> stopping_{false};
  std::vector<Scratch> scratch_;
  Scratch shared_scratch_;
  std::vector<int> cores_;  ///< by part, the caller's first; empty when there are too few to pin
  std::vector<std::thread> workers_;
};

/// The share [begin, end) of `count` units that part `part` of `parts` gets: contiguous, in order,
/// sizes differing by at most one.
struct Share {
  std::int64_t begin;
  std::int64_t end;
};
inline Share share_of(std::int64_t count, int part, int parts) {
  return {count * part / parts, count * (part + 1) / parts};
}
/// The outputs of a linear that one part computes while few tokens are in flight: whole panels.
inline Share outputs_of_part(std::int64_t outputs, std::int64_t panel, int part, int parts) {
  const Share panels = share_of((outputs + panel - 1) / panel, part, parts);
  const auto capped = [&](std::int64_t end) {
    return end * panel < outputs ? end * panel : outputs;
  };
  return {capped(panels.begin), capped(panels.end)};
}

}  // namespace salient::kernels::cpu
