// SPDX-License-Identifier: Apache-2.0
// The engine against what transformers computes for the bundled toy (make_toy_golden.py).

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <span>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/backend/backend.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/model/decoder.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"

using namespace salient;
using salient::tests::source_file;

namespace {

nlohmann::json golden() {
  std::ifstream file(source_file("tests/golden/toy_logits.json"));
  return nlohmann::json::parse(file);
}

struct Toy {
  std::unique_ptr<Checkpoint> checkpoint = open_checkpoint(source_file("resources/toy"));
  std::unique_ptr<Backend> backend = make_cpu_backend();
  Decoder decoder = load_decoder(*backend, *checkpoint, DType::F32);

  /// [ids, vocab]
  Tensor logits(std::span<const std::int32_t> ids) const {
    Sequence sequence =
        make_sequence(*backend, decoder.shape, static_cast<std::int64_t>(ids.size()));
    return forward(*backend, decoder, sequence, ids, LogitsOf::EveryToken);
  }
};

/// -log p of `target` under `row`, in double.
double surprise(std::span<const float> row, std::int32_t target) {
  const double highest = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (const float logit : row) sum += std::exp(static_cast<double>(logit) - highest);
  return std::log(sum) + highest - static_cast<double>(row[static_cast<std::size_t>(target)]);
}

}  // namespace

TEST_CASE("the toy's text gets the ids of the tokenizers library") {
  const nlohmann::json expected = golden();
  const Toy toy;
  const auto tokenizer = load_tokenizer(toy.checkpoint->tokenizer_source());
  const auto ids = tokenizer->encode(expected.at("text").get<std::string>(), SpecialTokens::Omit,
                                     ControlTokens::Parse);
  CHECK(ids == expected.at("ids").get<std::vector<TokenId>>());
}

TEST_CASE("the toy's logits agree with transformers to 1e-4") {
  const nlohmann::json expected = golden();
  const Toy toy;
  const auto ids = expected.at("ids").get<std::vector<std::int32_t>>();
  const Tensor logits = toy.logits(ids);
  const auto vocab = static_cast<std::size_t>(logits.dim(1));
  for (const nlohmann::json& row : expected.at("rows")) {
    const auto position = row.at("position").get<std::size_t>();
    const auto want = row.at("logits").get<std::vector<double>>();
    const auto got = logits.as<float>().subspan(position * vocab, vocab);
    double largest = 0;
    for (std::size_t i = 0; i < vocab; ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(got[i]) - want[i]));
    }
    CHECK_MESSAGE(largest < 1e-4, "position " << position);
  }
}

TEST_CASE("the toy's perplexity on its slice agrees with transformers to 0.01 %") {
  const nlohmann::json slice = golden().at("slice");
  const Toy toy;
  const auto ids = slice.at("ids").get<std::vector<std::int32_t>>();
  const auto window = slice.at("window").get<std::size_t>();
  double sum = 0;
  std::size_t predictions = 0;
  for (std::size_t begin = 0; begin + window <= ids.size(); begin += window) {
    const auto row_ids = std::span(ids).subspan(begin, window);
    const Tensor logits = toy.logits(row_ids);
    const auto vocab = static_cast<std::size_t>(logits.dim(1));
    for (std::size_t t = 0; t + 1 < window; ++t, ++predictions) {
      sum += surprise(logits.as<float>().subspan(t * vocab, vocab), row_ids[t + 1]);
    }
  }
  const double perplexity = std::exp(sum / static_cast<double>(predictions));
  CHECK(perplexity == doctest::Approx(slice.at("perplexity").get<double>()).epsilon(1e-4));
}
