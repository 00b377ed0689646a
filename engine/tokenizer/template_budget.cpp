// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_budget.h"

namespace salient::jinja {
namespace {

/// Reading the clock costs about 25 ns, so it is read once per this much work.
constexpr std::size_t kStepsPerClock = 256;
constexpr std::size_t kBytesPerStep = 1024;
constexpr std::size_t kItemsPerStep = 16;

}  // namespace

void Budget::step() {
  if (++steps_ > kMaxSteps) throw Failure("more than 1048576 steps");
  if (++unchecked_ >= kStepsPerClock) check_time();
}

void Budget::work(std::size_t items) {
  unchecked_ += items / kItemsPerStep;
  if (unchecked_ >= kStepsPerClock) check_time();
}

void Budget::produce(std::size_t bytes) {
  if (bytes > kMaxProducedBytes - produced_) throw Failure("values take more than 256 MiB");
  produced_ += bytes;
  unchecked_ += bytes / kBytesPerStep;
  if (unchecked_ >= kStepsPerClock) check_time();
}

void Budget::produce_text(std::size_t bytes) {
  if (bytes > kMaxOutputBytes) throw Failure("output over 1 MiB");
  produce(bytes);
}

void Budget::check_time() {
  unchecked_ = 0;
  if (std::chrono::steady_clock::now() - start_ > kMaxTime) throw Failure("longer than 1 s");
}

}  // namespace salient::jinja
