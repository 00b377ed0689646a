// SPDX-License-Identifier: Apache-2.0
// How soon a run stops, whatever it is doing. Measured in processor time of the engine's thread
// from the request to the return, so that a busy machine changes nothing.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <thread>

#include <doctest/doctest.h>
#include <pthread.h>

#include "tests/job/tiny_run.h"
#include "tests/job/wide_checkpoint.h"

using namespace salient;
using namespace salient::tests;
namespace fs = std::filesystem;

namespace {

constexpr double kLongestMilliseconds = 200;

/// Processor time that one thread has used; any thread may ask.
class ThreadTime {
 public:
  ThreadTime() { pthread_getcpuclockid(pthread_self(), &clock_); }
  double milliseconds() const {
    timespec time{};
    clock_gettime(clock_, &time);
    return 1e3 * static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_nsec);
  }

 private:
  clockid_t clock_{};
};

struct Stopped {
  bool in_time = false;  ///< asked before the run was over
  Outcome outcome = Outcome::Done;
  double processor_milliseconds = 0;  ///< from the request to the return
  double wall_milliseconds = 0;
};

/// Runs on this thread with one worker, so that its processor time is all there is, and asks it to
/// stop once it has used `moment` milliseconds.
Stopped stop_after(double moment, const JobOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto backend = make_cpu_backend(1);
  const Plan plan = make_plan(*backend, *open_checkpoint(options.source), options);
  RunControl control;
  const ThreadTime engine;
  const double start = engine.milliseconds();
  std::atomic<bool> over = false;
  std::atomic<double> asked = 0;
  std::atomic<Clock::time_point> asked_at = Clock::time_point{};
  std::thread watch([&] {
    while (!over && engine.milliseconds() < start + moment) {
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    control.cancel();
    asked = engine.milliseconds();
    asked_at = Clock::now();
  });
  const RunFinished end = run_job(*backend, plan, control, [](const Event& /*event*/) {});
  const double returned = engine.milliseconds();
  const Clock::time_point returned_at = Clock::now();
  over = true;
  watch.join();
  return {returned > asked, end.outcome, returned - asked,
          std::chrono::duration<double, std::milli>(returned_at - asked_at.load()).count()};
}

/// Stops a run at moments `step` apart until one gets through; says how long the slowest took.
void check_stops(const char* name, const JobOptions& options, double step, int most_moments) {
  double processor = 0;
  double wall = 0;
  int stopped = 0;
  for (int i = 0; i < most_moments; ++i) {
    const Stopped end = stop_after(step * (i + 0.5), options);
    fs::remove_all(job_folder_path(options.target));
    if (!end.in_time || end.outcome == Outcome::Done) break;
    INFO(name << " asked after " << step * (i + 0.5) << " ms of processor time");
    CHECK(end.outcome == Outcome::Cancelled);
    CHECK(end.processor_milliseconds < kLongestMilliseconds);
    processor = std::max(processor, end.processor_milliseconds);
    wall = std::max(wall, end.wall_milliseconds);
    ++stopped;
  }
  MESSAGE(std::string(name) << ": " << stopped << " moments, slowest stop " << processor
                            << " ms of processor time, " << wall << " ms by the clock");
  CHECK(stopped >= std::min(most_moments, 4));
  fs::remove_all(options.target);
}

JobOptions options_of(const fs::path& source, const TemporaryFolder& folder) {
  JobOptions options;
  options.source = source;
  options.target = folder.path() / "out";
  options.default_calibration_text = made_text(40'000);
  options.scheme = {.bits = 4, .group_size = 64};
  options.group_size_given = true;
  options.calibration = {.samples = 4, .seq_len = 512, .seed = 0};
  return options;
}

/// Where packaging/fetch_demo puts it.
fs::path demo_model() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path root = cache != nullptr  ? fs::path(cache)
                        : home != nullptr ? fs::path(home) / ".cache"
                                          : fs::path();
  return root / "salient" / "SmolLM2-135M-Instruct.Q4_1.gguf";
}

}  // namespace

TEST_CASE("a run on the toy stops within 200 ms of processor time at any moment") {
  const TemporaryFolder folder;
  check_stops("toy", options_of(source_file("resources/toy"), folder), 15, 30);
}

TEST_CASE("a run stops as soon while it opens and publishes a wide vocabulary") {
  const TemporaryFolder folder;
  write_wide_checkpoint(folder.path() / "source");
  JobOptions options = options_of(folder.path() / "source", folder);
  options.calibration = {.samples = 2, .seq_len = 32, .seed = 0};
  check_stops("wide vocabulary", options, 100, 40);
}

TEST_CASE("a run stops as soon on the demo model") {
  if (!fs::exists(demo_model())) {
    skip("the demo model is not in the cache");
    return;
  }
  const TemporaryFolder folder;
  check_stops("demo model", options_of(demo_model(), folder), 170, 10);
}
