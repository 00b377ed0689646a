// SPDX-License-Identifier: Apache-2.0
#include "engine/evaluation/evaluation.h"

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/runtime/distribution.h"
#include "tests/runtime/toy_model.h"

using salient::evaluate;
using salient::Evaluation;
using salient::evaluation_windows;
using salient::tests::cpu_backend;
using salient::tests::toy;
using salient::tests::toy_with_8_bit_head;

namespace {

std::string some_text() {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += "The river rose in the night, and by morning " + std::to_string(i * 7) +
            " houses stood in water. ";
  }
  return text;
}

/// Perplexity by the definition, one window at a time and one place at a time.
double slow_perplexity(const std::vector<std::vector<std::int32_t>>& windows) {
  const salient::Decoder& decoder = toy()->decoder;
  double sum = 0;
  double count = 0;
  for (const auto& ids : windows) {
    salient::Sequence sequence =
        salient::make_sequence(cpu_backend(), decoder.shape, static_cast<std::int64_t>(ids.size()));
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const salient::Tensor logits = salient::forward(cpu_backend(), decoder, sequence,
                                                      {&ids[i], 1}, salient::LogitsOf::LastToken);
      const auto row = logits.as<float>();
      sum += salient::log_sum_exp(row) -
             static_cast<double>(row[static_cast<std::size_t>(ids[i + 1])]);
      count += 1;
    }
  }
  return std::exp(sum / count);
}

}  // namespace

TEST_CASE("perplexity is the definition, whatever the chunks") {
  const auto windows =
      evaluation_windows(*toy()->tokenizer, some_text(), {.window = 150, .max_windows = 2});
  const Evaluation result = evaluate(cpu_backend(), toy()->decoder, nullptr, windows, {}, {});
  CHECK(result.a.tokens == 2 * 149);
  CHECK(result.a.value == doctest::Approx(slow_perplexity(windows)).epsilon(1e-9));
}

TEST_CASE("a model against itself has no distance") {
  const auto windows = evaluation_windows(*toy()->tokenizer, some_text(), {.window = 64});
  REQUIRE(windows.size() > 2);
  const salient::Decoder& decoder = toy()->decoder;
  const Evaluation result = evaluate(cpu_backend(), decoder, &decoder, windows, {}, {});
  CHECK(result.kl_mean == 0.0);
  CHECK(result.kl_stderr == 0.0);
  CHECK(result.top1_agreement == 1.0);
  CHECK(result.log_ratio == 0.0);
  CHECK(result.b->value == result.a.value);
  CHECK(result.a.stderr_value > 0.0);
}

TEST_CASE("a rounded head moves away a little, and the paired error is the smaller one") {
  const auto windows = evaluation_windows(*toy()->tokenizer, some_text(), {.window = 64});
  const Evaluation result =
      evaluate(cpu_backend(), toy()->decoder, &toy_with_8_bit_head()->decoder, windows, {}, {});
  CHECK(result.kl_mean > 0.0);
  CHECK(result.kl_mean < 0.05);
  CHECK(result.top1_agreement > 0.9);
  CHECK(result.log_ratio_stderr < result.a.stderr_value / result.a.value);
  CHECK(std::exp(result.log_ratio) ==
        doctest::Approx(result.b->value / result.a.value).epsilon(1e-9));
}

TEST_CASE("texts too short and windows too small are refused, a cancel is told") {
  CHECK_THROWS_AS(evaluation_windows(*toy()->tokenizer, "", {}), salient::Error);
  CHECK_THROWS_AS(evaluation_windows(*toy()->tokenizer, "abc", {.window = 1}), salient::Error);
  const auto windows = evaluation_windows(*toy()->tokenizer, "A few words only.", {.window = 512});
  CHECK(windows.size() == 1);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(evaluate(cpu_backend(), toy()->decoder, nullptr, windows, stop.get_token(), {}),
                  salient::Error);
}
