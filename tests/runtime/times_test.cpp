// SPDX-License-Identifier: Apache-2.0
// What bench measures: names, counts and bytes; a time itself is only asked to be one.
#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/runtime/linear_times.h"
#include "engine/runtime/stage_times.h"
#include "tests/runtime/toy_model.h"

using namespace salient;
using salient::tests::cpu_backend;
using salient::tests::toy;

namespace {

constexpr TimedBatches kShort{.batches = 1, .least_seconds = 1e-4};

}  // namespace

TEST_CASE("stages of a token read together what the token reads, and leave no linear out") {
  const auto& decoder = toy()->decoder;
  const StageTimes times = measure_stages(cpu_backend(), *toy(), 20, kShort, {});
  CHECK(times.cached_tokens == 20);
  CHECK(times.stages.size() == 7);
  std::int64_t bytes = 0;
  for (const StageTime& stage : times.stages) {
    INFO(stage.stage);
    CHECK(stage.seconds > 0);
    const auto blocks = static_cast<std::int64_t>(decoder.blocks.size());
    CHECK((stage.calls == blocks || stage.calls == 1));
    bytes += stage.bytes;
  }
  CHECK(times.step.seconds > 0);
  // The step also reads an embedding row and its norms; the stages also count the logits.
  CHECK(std::abs(bytes - times.step.bytes) < times.step.bytes / 100);
}

TEST_CASE("stages stop when asked to") {
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(measure_stages(cpu_backend(), *toy(), 4, kShort, stop.get_token()), Error);
}

TEST_CASE("a linear counts its packed bytes and its operations at every width") {
  for (const int bits : {2, 3, 4, 8}) {
    const LinearCase problem{256, 96, 3, QuantScheme{.bits = bits, .group_size = 64}};
    const LinearTime time = time_linear(cpu_backend(), problem, kShort, 100'000);
    CHECK(time.seconds > 0);
    CHECK(time.operations == 2.0 * 256 * 96 * 3);
    CHECK(time.bytes >= 256 * 96 * bits / 8);
  }
  const LinearTime dense = time_linear(cpu_backend(), {256, 96, 3}, kShort, 100'000);
  CHECK(dense.bytes == 256 * 96 * 2);
  const LinearLimits limits{.read = 1e9, .product = 1e12};
  CHECK(limits.seconds(dense) == doctest::Approx(256 * 96 * 2 / 1e9));
}
