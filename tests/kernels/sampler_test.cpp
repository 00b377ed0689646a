// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include "engine/runtime/sampler.h"
#include "tests/kernels/device_array.h"
#include "tests/kernels/random_numbers.h"

using namespace salient::kernels::cuda;
using salient::tests::DeviceArray;
using salient::tests::normal_floats;

namespace {

/// The device's side of a generation.
struct Generation {
  explicit Generation(std::size_t vocab)
      : seen(std::vector<std::uint8_t>(vocab)),
        workspace(
            std::vector<std::uint8_t>(sampler_workspace_bytes(static_cast<std::int64_t>(vocab)))) {}

  SamplerState state() {
    return {
        numbers.data(),   numbers.data() + 1, ring.data(), static_cast<std::int64_t>(ring.size()),
        generated.data(), draws.data(),       seen.data()};
  }
  std::int32_t next(const DeviceArray<float>& logits, const SamplerOptions& options) {
    sample(logits.data(), static_cast<std::int64_t>(logits.size()), options, state(),
           workspace.data(), nullptr);
    return numbers.host()[0];
  }

  DeviceArray<std::int32_t> numbers{std::vector<std::int32_t>{-1, 100}};  ///< token, position
  DeviceArray<std::int32_t> ring{std::vector<std::int32_t>(3, -1)};
  DeviceArray<std::uint32_t> generated{std::vector<std::uint32_t>(1)};
  DeviceArray<std::uint64_t> draws{std::vector<std::uint64_t>(1)};
  DeviceArray<std::uint8_t> seen;
  DeviceArray<std::uint8_t> workspace;
};

}  // namespace

TEST_CASE("greedy takes the largest logit, the lowest id of equals, and moves the step on") {
  if (!salient::tests::has_cuda_device()) return;
  for (const std::size_t vocab : {1U, 3U, 1000U, 49152U, 128256U}) {
    auto logits = normal_floats(vocab, 8);
    logits[vocab / 2] = logits[vocab - 1] = 50;
    const DeviceArray<float> device_logits(logits);
    Generation generation(vocab);
    for (int step = 0; step < 4; ++step) {
      CHECK(generation.next(device_logits, {}) == static_cast<std::int32_t>(vocab / 2));
    }
    const auto id = static_cast<std::int32_t>(vocab / 2);
    CHECK(generation.numbers.host()[1] == 104);
    CHECK(generation.ring.host() == std::vector<std::int32_t>(3, id));
    CHECK(generation.generated.host()[0] == 4);
    CHECK(generation.draws.host()[0] == 0);
    CHECK(generation.seen.host()[vocab / 2] == 1);
  }
}

TEST_CASE("the repetition penalty makes greedy walk down the ranks") {
  if (!salient::tests::has_cuda_device()) return;
  const DeviceArray<float> logits(std::vector<float>{1, 3, 2.9F, -1, 2.8F});
  Generation generation(5);
  SamplerOptions options;
  options.repetition_penalty = 2;
  CHECK(generation.next(logits, options) == 1);
  CHECK(generation.next(logits, options) == 2);
  CHECK(generation.next(logits, options) == 4);
  CHECK(generation.next(logits, options) == 1);
}

TEST_CASE("a seed draws the tokens that the host's sampler draws") {
  if (!salient::tests::has_cuda_device()) return;
  const std::array settings = {
      salient::SamplingOptions{.temperature = 1},
      salient::SamplingOptions{.temperature = 0.3},
      salient::SamplingOptions{.temperature = 1.5, .top_k = 7},
      salient::SamplingOptions{.temperature = 0.8, .top_p = 0.9},
      salient::SamplingOptions{.temperature = 0.8, .min_p = 0.05},
      salient::SamplingOptions{.temperature = 2, .top_k = 1},
      salient::SamplingOptions{.temperature = 1, .top_p = 1e-6},
      salient::SamplingOptions{
          .temperature = 1.1, .top_k = 40, .top_p = 0.95, .min_p = 0.02, .repetition_penalty = 1.3},
  };
  for (const std::size_t vocab : {5U, 1001U, 49152U}) {
    for (const bool ties : {false, true}) {
      auto logits = normal_floats(vocab, 21, 3);
      for (float& logit : logits) logit = ties ? std::round(logit) : logit;
      const DeviceArray<float> device_logits(logits);
      for (std::size_t i = 0; i < settings.size(); ++i) {
        salient::SamplingOptions host_options = settings[i];
        host_options.seed = 1000 + i;
        salient::Sampler host(host_options);
        const SamplerOptions options = {
            .temperature = static_cast<float>(host_options.temperature),
            .top_k = host_options.top_k,
            .top_p = host_options.top_p,
            .min_p = host_options.min_p,
            .repetition_penalty = static_cast<float>(host_options.repetition_penalty),
            .seed = host_options.seed};
        Generation generation(vocab);
        std::vector<std::int32_t> history;
        int different = 0;
        constexpr int kDraws = 40;
        for (int step = 0; step < kDraws; ++step) {
          const std::int32_t token = generation.next(device_logits, options);
          different += token != host.pick(logits, history) ? 1 : 0;
          history.push_back(token);
        }
        INFO("vocab " << vocab << ", setting " << i << ", ties " << ties);
        CHECK(different <= 1);
        CHECK(generation.draws.host()[0] == kDraws);
        CHECK(generation.numbers.host()[1] == 100 + kDraws);
      }
    }
  }
}

TEST_CASE("a sampler without a number among its logits still gives an id") {
  if (!salient::tests::has_cuda_device()) return;
  const DeviceArray<float> logits(std::vector<float>(100, std::nanf("")));
  Generation generation(100);
  CHECK(generation.next(logits, {}) == 0);
  CHECK(generation.next(logits, {.temperature = 1}) == 0);
}
