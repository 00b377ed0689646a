// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/sampler.h"

#include <array>
#include <vector>

#include <doctest/doctest.h>

#include "engine/error.h"

using salient::Sampler;
using salient::SamplingOptions;

namespace {

/// Probabilities 0.5, 0.25, 0.125, 0.125 as logits.
const std::vector<float> kLogits = {0.0F, -0.6931472F, -1.3862944F, -1.3862944F};

std::array<int, 4> histogram(const SamplingOptions& options, int draws) {
  Sampler sampler(options);
  std::array<int, 4> counts{};
  for (int i = 0; i < draws; ++i) {
    counts.at(static_cast<std::size_t>(sampler.pick(kLogits, {})))++;
  }
  return counts;
}

}  // namespace

TEST_CASE("temperature 0 takes the first of the largest logits") {
  Sampler sampler({});
  CHECK(sampler.pick(std::vector<float>{1, 3, 3, 2}, {}) == 1);
}

TEST_CASE("temperature 1 draws in proportion to the probabilities") {
  const auto counts = histogram({.temperature = 1, .seed = 7}, 20000);
  // Three standard deviations of a binomial with 20000 draws are below 215.
  CHECK(counts[0] == doctest::Approx(10000).epsilon(0.0215));
  CHECK(counts[1] == doctest::Approx(5000).epsilon(0.037));
  CHECK(counts[2] == doctest::Approx(2500).epsilon(0.057));
}

TEST_CASE("top-k, top-p and min-p each cut the tail") {
  CHECK(histogram({.temperature = 1, .top_k = 1}, 200)[0] == 200);
  const auto nucleus = histogram({.temperature = 1, .top_p = 0.7}, 2000);
  CHECK(nucleus[0] + nucleus[1] == 2000);
  CHECK(nucleus[1] > 0);
  const auto floor = histogram({.temperature = 1, .min_p = 0.4}, 2000);
  CHECK(floor[0] + floor[1] == 2000);
  CHECK(floor[1] > 0);
}

TEST_CASE("a seed gives the same picks again, another seed others") {
  const SamplingOptions options{.temperature = 1, .seed = 11};
  Sampler first(options);
  Sampler second(options);
  Sampler other({.temperature = 1, .seed = 12});
  int differing = 0;
  for (int i = 0; i < 50; ++i) {
    const auto pick = first.pick(kLogits, {});
    CHECK(second.pick(kLogits, {}) == pick);
    differing += other.pick(kLogits, {}) != pick ? 1 : 0;
  }
  CHECK(differing > 0);
}

TEST_CASE("the repetition penalty weighs on tokens already written, of either sign") {
  Sampler sampler({.repetition_penalty = 2});
  const std::vector<std::int32_t> history = {0};
  CHECK(sampler.pick(std::vector<float>{4, 3}, history) == 1);
  CHECK(sampler.pick(std::vector<float>{-1, -1.5F}, history) == 1);
  CHECK(sampler.pick(std::vector<float>{4, 1}, history) == 0);
}

TEST_CASE("settings out of range are refused by name") {
  CHECK_THROWS_WITH_AS(validate(SamplingOptions{.temperature = -1}),
                       "temperature is -1, it has to be from 0 to 100", salient::Error);
  CHECK_THROWS_WITH_AS(validate(SamplingOptions{.top_p = 1.5}),
                       "top-p is 1.5, it has to be above 0, at most 1", salient::Error);
  CHECK_THROWS_AS(validate(SamplingOptions{.top_p = 0}), salient::Error);
  CHECK_THROWS_AS(validate(SamplingOptions{.min_p = 1}), salient::Error);
  CHECK_THROWS_AS(validate(SamplingOptions{.repetition_penalty = 0}), salient::Error);
  CHECK_NOTHROW(validate(SamplingOptions{}));
}
