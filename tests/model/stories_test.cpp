// SPDX-License-Identifier: Apache-2.0
// The one really trained model that the tests always have: stories260K against the numbers of
// llama2.c.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/model/decoder.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"

using namespace salient;
using namespace salient::tests;

namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string stripped(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(kBlank) - begin + 1));
}

std::vector<std::string> stories_of(const std::string& text) {
  constexpr std::string_view kEnd = "<|endoftext|>";
  std::vector<std::string> stories;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(kEnd, begin), text.size());
    if (std::string story = stripped(std::string_view(text).substr(begin, end - begin));
        !story.empty()) {
      stories.push_back(std::move(story));
    }
    begin = end + kEnd.size();
  }
  return stories;
}

/// Sum of -log p over tokens 2… of `ids`.
double negative_log_likelihood(Backend& backend, const Decoder& decoder,
                               std::span<const std::int32_t> ids) {
  Sequence sequence = make_sequence(backend, decoder.shape, static_cast<std::int64_t>(ids.size()));
  const Tensor logits = forward(backend, decoder, sequence, ids, LogitsOf::EveryToken);
  const auto vocab = static_cast<std::size_t>(logits.dim(1));
  double sum = 0;
  for (std::size_t t = 0; t + 1 < ids.size(); ++t) {
    const auto row = logits.as<float>().subspan(t * vocab, vocab);
    const auto highest = static_cast<double>(*std::max_element(row.begin(), row.end()));
    double total = 0;
    for (const float logit : row) total += std::exp(static_cast<double>(logit) - highest);
    sum +=
        highest + std::log(total) - static_cast<double>(row[static_cast<std::size_t>(ids[t + 1])]);
  }
  return sum;
}

struct Stories {
  std::unique_ptr<Checkpoint> checkpoint;
  nlohmann::json golden;
};

std::optional<Stories> stories260k() {
  const auto folder = shared_file("data/models/stories260K-hf");
  const auto golden = shared_file("data/models/stories260K/golden.json");
  if (!folder || !golden) return std::nullopt;
  return Stories{open_checkpoint(*folder), nlohmann::json::parse(text_of(*golden))};
}

}  // namespace

TEST_CASE("stories260K gives the logits of llama2.c") {
  const auto stories = stories260k();
  if (!stories) return;
  const auto backend = make_cpu_backend(1);
  const Decoder decoder = load_decoder(*backend, *stories->checkpoint, DType::F32);
  const auto ids = stories->golden.at("story_tokens").at(0).get<std::vector<std::int32_t>>();
  Sequence sequence = make_sequence(*backend, decoder.shape, 512);
  const Tensor logits = forward(*backend, decoder, sequence, ids, LogitsOf::EveryToken);
  for (const auto& [position, row] : stories->golden.at("logits_story0").items()) {
    const auto expected = row.get<std::vector<float>>();
    const std::int64_t at = std::stoll(position);
    const Tensor actual = logits.rows(at, at + 1);
    float largest = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      largest = std::max(largest, std::abs(expected[i] - actual.as<float>()[i]));
    }
    CAPTURE(position);
    CHECK(largest <= 1e-4F);
  }
}

TEST_CASE("stories260K has its golden perplexity on its golden ids") {
  const auto stories = stories260k();
  const auto text = shared_file("data/text/tinystories.txt");
  if (!stories || !text) return;
  const auto backend = make_cpu_backend();
  const auto tokenizer = load_tokenizer(stories->checkpoint->tokenizer_source());
  const Decoder decoder = load_decoder(*backend, *stories->checkpoint, DType::F32);
  const nlohmann::json& golden = stories->golden.at("perplexity");
  const auto& golden_ids = stories->golden.at("story_tokens");

  double sum = 0;
  std::int64_t tokens = 0;
  std::size_t count = 0;
  for (const std::string& story : stories_of(text_of(*text))) {
    std::vector<std::int32_t> ids =
        tokenizer->encode(story, SpecialTokens::Omit, ControlTokens::PlainText);
    ids.insert(ids.begin(), tokenizer->bos().value());
    ids.resize(std::min<std::size_t>(ids.size(), 512));
    if (count < golden_ids.size()) {
      CHECK(ids == golden_ids.at(count).get<std::vector<std::int32_t>>());
    }
    sum += negative_log_likelihood(*backend, decoder, ids);
    tokens += static_cast<std::int64_t>(ids.size()) - 1;
    ++count;
  }
  CHECK(count == golden.at("stories").get<std::size_t>());
  const double perplexity = std::exp(sum / static_cast<double>(tokens));
  CHECK(perplexity == doctest::Approx(4.507011).epsilon(0.001 / 4.507));
}

TEST_CASE("stories260K tells its golden story greedily") {
  const auto stories = stories260k();
  if (!stories) return;
  const auto backend = make_cpu_backend(1);
  const auto tokenizer = load_tokenizer(stories->checkpoint->tokenizer_source());
  const Decoder decoder = load_decoder(*backend, *stories->checkpoint, DType::F32);
  const auto expected = stories->golden.at("greedy_text_starts").get<std::string>();
  Sequence sequence = make_sequence(*backend, decoder.shape, 256);
  std::vector<std::int32_t> ids = {tokenizer->bos().value()};
  std::string text;
  while (text.size() < expected.size() && ids.size() < 255) {
    const Tensor logits =
        forward(*backend, decoder, sequence, std::span(ids).last(1), LogitsOf::LastToken);
    const auto row = logits.as<float>();
    ids.push_back(
        static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin()));
    text = tokenizer->decode(ids);
  }
  CHECK(text.substr(0, expected.size()) == expected);
}
