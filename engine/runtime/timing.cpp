// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/timing.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace salient {
namespace {

using Clock = std::chrono::steady_clock;

/// Seconds until `count` runs are done.
double seconds_of(Backend& backend, Program& program, const Tensor& mark, int count) {
  const auto start = Clock::now();
  for (int i = 0; i < count; ++i) program.run();
  // A number to the host waits for all stages before it.
  static_cast<void>(backend.download(mark));
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

double median_seconds(Backend& backend, Program& program, const TimedBatches& how) {
  constexpr int kMostRuns = 100'000;
  const Tensor mark = backend.allocate_zeros(DType::I32, {1});
  static_cast<void>(seconds_of(backend, program, mark, 1));
  const double once = seconds_of(backend, program, mark, 1);
  const double wanted = how.least_seconds / std::max(once, 1e-9);
  const int runs = static_cast<int>(std::clamp(wanted, 1.0, static_cast<double>(kMostRuns)));
  std::vector<double> times;
  for (int batch = 0; batch < std::max(1, how.batches); ++batch) {
    times.push_back(seconds_of(backend, program, mark, runs) / runs);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace salient
