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
