// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generator.h"

#include <vector>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "tests/runtime/toy_model.h"

using salient::Generator;
using salient::tests::cpu_backend;
using salient::tests::toy;

TEST_CASE("decoding token by token gives the logits of one prefill, bit by bit") {
  const std::vector<std::int32_t> ids = {5, 300, 17, 42, 99, 7};
  Generator whole(cpu_backend(), toy(), 64);
  const auto together = whole.prefill(ids, {});
  Generator stepped(cpu_backend(), toy(), 64);
  stepped.prefill(std::span(ids).first(1), {});
  for (std::size_t i = 1; i < ids.size(); ++i) stepped.decode(ids[i]);
  CHECK(std::vector(together.begin(), together.end()) ==
        std::vector(stepped.logits().begin(), stepped.logits().end()));
}

TEST_CASE("only what lies behind the shared prefix is computed again") {
  Generator generator(cpu_backend(), toy(), 64);
  const std::vector<std::int32_t> first = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int32_t> second = {1, 2, 3, 9};
  generator.prefill(first, {});
  CHECK(generator.throughput().prompt_tokens == 6);
  const auto logits = generator.prefill(second, {});
  CHECK(generator.throughput().prompt_tokens == 7);
  const std::vector<float> reused(logits.begin(), logits.end());
  Generator fresh(cpu_backend(), toy(), 64);
  const auto anew = fresh.prefill(second, {});
  CHECK(reused == std::vector<float>(anew.begin(), anew.end()));
}

TEST_CASE("a cancelled prefill and a prompt that is too long are errors of their kind") {
  Generator generator(cpu_backend(), toy(), 8);
  std::stop_source stop;
  stop.request_stop();
  const std::vector<std::int32_t> ids = {1, 2};
  try {
    generator.prefill(ids, stop.get_token());
    FAIL("the prefill was not cancelled");
  } catch (const salient::Error& error) {
    CHECK(error.kind() == salient::ErrorKind::Cancelled);
  }
  const std::vector<std::int32_t> many(9, 1);
  CHECK_THROWS_AS(generator.prefill(many, {}), salient::Error);
  CHECK_THROWS_AS(generator.prefill({}, {}), salient::Error);
}

TEST_CASE("tokens sampled where the logits are, are those that the sampler picks from them") {
  const std::vector<std::int32_t> prompt = {5, 300, 17, 42};
  const std::vector<salient::SamplingOptions> settings = {
      {.temperature = 0.9, .seed = 3},
      {.temperature = 1.3, .top_k = 40, .top_p = 0.9, .seed = 4},
      {.temperature = 1.0, .min_p = 0.05, .repetition_penalty = 1.3, .seed = 5},
      {.temperature = 0, .repetition_penalty = 1.5}};
  Generator together(cpu_backend(), toy(), 128);
  for (const auto& options : settings) {
    salient::Sampler sampler(options);
    Generator stepwise(cpu_backend(), toy(), 128);
    std::int32_t id = sampler.pick(stepwise.prefill(prompt, {}), stepwise.ids());
    together.prefill(prompt, {});
    std::int32_t next = id;
    for (const std::int64_t count : {1, 5, 30}) {
      const auto picks = together.decode_sampled(next, count, options, sampler.draws());
      next = picks.back();
      for (const std::int32_t pick : picks) {
        stepwise.decode(id);
        id = sampler.pick(stepwise.logits(), stepwise.ids());
        REQUIRE(id == pick);
      }
    }
    CHECK(together.ids() == stepwise.ids());
  }
}

TEST_CASE("forgotten tokens are read again, not remembered") {
  const std::vector<std::int32_t> ids = {5, 300, 17, 42};
  Generator generator(cpu_backend(), toy(), 32);
  generator.prefill(ids, {});
  const std::vector<float> before(generator.logits().begin(), generator.logits().end());
  generator.decode_greedy(7, 4);
  generator.keep_first(4);
  CHECK(generator.ids() == ids);
  const auto again = generator.prefill(ids, {});
  CHECK(before == std::vector<float>(again.begin(), again.end()));
  CHECK_THROWS(generator.keep_first(5));
}
