// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/byte_level.h"
#include "tests/shared_data.h"
#include "tests/time_limits.h"
#include "tests/tokenizer/test_vectors.h"

namespace {

using Json = nlohmann::ordered_json;
using salient::ControlTokens;
using salient::ErrorKind;
using salient::SpecialTokens;

Json byte_level_json() {
  Json vocabulary;
  for (int byte = 0; byte < 256; ++byte) vocabulary[salient::tests::byte_stand_in(byte)] = byte;
  vocabulary["ab"] = 256;
  return {{"added_tokens", Json::array()},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b"}}}}};
}

std::unique_ptr<salient::Tokenizer> load_text(const std::string& text) {
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.json", std::ios::binary) << text;
  return salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}});
}

std::unique_ptr<salient::Tokenizer> load(const Json& json) {
  return load_text(json.dump());
}

/// Expects one sentence that holds every part, of that kind, within a second.
void check_refused(const std::function<void()>& action, ErrorKind kind,
                   const std::vector<std::string>& parts) {
  const double start = salient::tests::processor_seconds();
  std::string sentence;
  try {
    action();
  } catch (const salient::Error& error) {
    sentence = error.what();
    CHECK(error.kind() == kind);
  }
  CHECK(salient::tests::processor_seconds() - start < 1.0 * salient::tests::kSanitizerSlowdown);
  CAPTURE(sentence);
  CHECK_FALSE(sentence.empty());
  CHECK(sentence.find('\n') == std::string::npos);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(sentence.find(part) != std::string::npos);
  }
}

void check_refused(const Json& json, ErrorKind kind, const std::vector<std::string>& parts) {
  check_refused([&] { load(json); }, kind, parts);
}

bool warns(const salient::Tokenizer& tokenizer, const std::string& part) {
  for (const std::string& warning : tokenizer.warnings()) {
    if (warning.find(part) != std::string::npos) return true;
  }
  return false;
}

Json with_pattern(const Json& pattern) {
  Json json = byte_level_json();
  json["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "Split"}, {"pattern", pattern}, {"behavior", "Isolated"}},
        {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}};
  return json;
}

}  // namespace

TEST_CASE("the base of these tests is a sound tokenizer") {
  const auto tokenizer = load(byte_level_json());
  CHECK(tokenizer->warnings().empty());
  CHECK(tokenizer->encode("abé", SpecialTokens::Add, ControlTokens::PlainText) ==
        std::vector<salient::TokenId>{256, 0xC3, 0xA9});
}

TEST_CASE("T01: a cut or huge tokenizer.json is refused") {
  const std::string text = byte_level_json().dump();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, text.size() / 2, text.size() - 1}) {
    check_refused([&] { load_text(text.substr(0, size)); }, ErrorKind::BadInput,
                  {"tokenizer.json"});
  }
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.json") << "{}";
  const auto load_sparse = [&](std::uintmax_t size) {
    std::filesystem::resize_file(folder.path() / "tokenizer.json", size);
    salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}});
  };
  check_refused([&] { load_sparse(std::uintmax_t{2} << 30U); }, ErrorKind::BadInput,
                {"tokenizer.json", "268435456"});
  check_refused([&] { load_sparse((std::uintmax_t{256} << 20U) + 1); }, ErrorKind::BadInput,
                {"268435456"});
}

TEST_CASE("T02: an id given twice, below zero or far away is refused, a hole is a warning") {
  Json json = byte_level_json();
  json["model"]["vocab"]["zz"] = 7;
  check_refused(json, ErrorKind::BadInput, {"id 7", "zz"});
  json["model"]["vocab"]["zz"] = -1;
  check_refused(json, ErrorKind::BadInput, {"-1", "zz"});
  json["model"]["vocab"]["zz"] = 4194304;
  check_refused(json, ErrorKind::BadInput, {"4194304"});
  json["model"]["vocab"]["zz"] = 1e3;
  check_refused(json, ErrorKind::BadInput, {"zz", "whole number"});
  json["model"]["vocab"]["zz"] = 300;
  const auto tokenizer = load(json);
  CHECK(warns(*tokenizer, "43 ids have no token, the first is 257"));
  CHECK(tokenizer->token_bytes(280).empty());
  CHECK(tokenizer->vocab_size() == 301);
  std::string twice = byte_level_json().dump();
  twice.insert(twice.find("\"ab\""), "\"ab\":400,");
  check_refused([&] { load_text(twice); }, ErrorKind::BadInput, {"ab", "twice"});
}

TEST_CASE("T03: a pattern with catastrophic backtracking ends") {
  const auto tokenizer = load(with_pattern({{"Regex", "(a+)+$"}}));
  const auto encode = [&](const std::string& text) {
    return tokenizer->encode(text, SpecialTokens::Omit, ControlTokens::PlainText);
  };
  CHECK(encode(std::string(50, 'a')).size() == 50);
  check_refused([&] { encode(std::string(50, 'a') + "b"); }, ErrorKind::BadInput,
                {"pre_tokenizer", "Regex", "match limit"});
}

TEST_CASE("T04: a broken pattern is refused with key and position") {
  check_refused(with_pattern({{"Regex", "("}}), ErrorKind::BadInput,
                {"pre_tokenizer", "Regex", "position 1"});
  check_refused(with_pattern({{"Regex", std::string(65537, 'a')}}), ErrorKind::BadInput, {"65536"});
  check_refused(with_pattern({{"Regex", "\\C"}}), ErrorKind::BadInput, {"\\C"});
}

TEST_CASE("T05: an empty added token is refused") {
  Json json = byte_level_json();
  json["added_tokens"] = {{{"id", 257}, {"content", ""}, {"special", true}}};
  check_refused(json, ErrorKind::BadInput, {"added_tokens[0]", "empty"});
}

TEST_CASE("T06: replacing nothing is refused") {
  Json json = byte_level_json();
  json["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", "x"}};
  check_refused(json, ErrorKind::BadInput, {"normalizer.pattern.String", "empty"});
  json["normalizer"]["pattern"] = {{"Regex", "x*"}};
  CHECK(load(json)->encode("ab", SpecialTokens::Omit, ControlTokens::PlainText).size() == 1);
}

TEST_CASE("T07: a token outside the byte-level alphabet is a warning and shown as U+FFFD") {
  Json json = byte_level_json();
  json["model"]["vocab"]["川"] = 257;
  const auto tokenizer = load(json);
  CHECK(warns(*tokenizer, "1 tokens hold characters outside the byte-level alphabet"));
  CHECK(tokenizer->decode(std::vector<salient::TokenId>{257}) == "\uFFFD");
  CHECK(tokenizer->encode("川", SpecialTokens::Omit, ControlTokens::PlainText).size() == 3);
}

TEST_CASE("T08: types that we do not know are refused by name") {
  for (const char* key : {"model", "normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    Json json = byte_level_json();
    json[key]["type"] = "WordLevel2";
    check_refused(json, ErrorKind::Unsupported, {"tokenizer.json", key, "WordLevel2"});
    json[key]["type"] = 3;
    check_refused(json, ErrorKind::BadInput, {key, "type", "string"});
  }
  Json json = byte_level_json();
  json["model"]["end_of_word_suffix"] = "</w>";
  check_refused(json, ErrorKind::Unsupported, {"end_of_word_suffix"});
}

TEST_CASE("T09: a precompiled table in tokenizer.json is refused") {
  Json json = byte_level_json();
  json["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "not base64!"}};
  check_refused(json, ErrorKind::Unsupported, {"normalizer", "Precompiled"});
}

TEST_CASE("keys that are missing or of another type are named") {
  Json json = byte_level_json();
  json.erase("model");
  check_refused(json, ErrorKind::BadInput, {"tokenizer.json", "model", "missing"});
  json = byte_level_json();
  json["model"]["merges"] = {"ab"};
  check_refused(json, ErrorKind::BadInput, {"model.merges[0]", "ab"});
  json["model"]["merges"] = Json::array({Json::array({"a", 1})});
  check_refused(json, ErrorKind::BadInput, {"model.merges[0][1]", "string"});
  json["model"]["merges"] = {"a b", "ab zz"};
  CHECK(warns(*load(json), "1 merges name tokens"));
  json = byte_level_json();
  json["model"]["byte_fallback"] = true;
  check_refused(json, ErrorKind::BadInput, {"byte_fallback", "<0x00>"});
  json = byte_level_json();
  json["model"]["unk_token"] = "[UNK]";
  check_refused(json, ErrorKind::BadInput, {"[UNK]"});
  check_refused([] { load_text("[]"); }, ErrorKind::BadInput, {"tokenizer.json"});
  check_refused([] { load_text(std::string(100000, '[')); }, ErrorKind::BadInput, {"64"});
  json = byte_level_json();
  json["model"]["vocab"][std::string(65537, 'a')] = 257;
  check_refused(json, ErrorKind::BadInput, {"65536"});
}

TEST_CASE("more tokens than embedding rows are a warning") {
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.json") << byte_level_json().dump();
  salient::TokenizerSource source{.folder = folder.path(), .gguf = {}, .chat_template = {}};
  source.vocab_rows = 257;
  CHECK(salient::load_tokenizer(source)->warnings().empty());
  source.vocab_rows = 256;
  CHECK(warns(*salient::load_tokenizer(source), "257 tokens, the embedding has 256 rows"));
}

TEST_CASE("a folder without tokenizer files has none") {
  const salient::tests::TemporaryFolder folder;
  const salient::TokenizerSource source{.folder = folder.path(), .gguf = {}, .chat_template = {}};
  CHECK_FALSE(salient::has_tokenizer(source));
  check_refused([&] { salient::load_tokenizer(source); }, ErrorKind::BadInput, {"tokenizer.json"});
  std::ofstream(folder.path() / "tokenizer.json") << byte_level_json().dump();
  CHECK(salient::has_tokenizer(source));
}

TEST_CASE("BOS and EOS come from tokenizer_config.json, in both of its forms") {
  const salient::tests::TemporaryFolder folder;
  Json json = byte_level_json();
  json["added_tokens"] = {{{"id", 257}, {"content", "<s>"}, {"special", true}},
                          {{"id", 258}, {"content", "</s>"}, {"special", true}}};
  std::ofstream(folder.path() / "tokenizer.json") << json.dump();
  std::ofstream(folder.path() / "tokenizer_config.json")
      << R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>", "pad_token": null})";
  const auto tokenizer =
      salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}});
  CHECK(tokenizer->bos() == 257);
  CHECK(tokenizer->eos() == 258);
  CHECK(tokenizer->is_control(258));
}

TEST_CASE("GGUF vocabularies that contradict themselves are refused") {
  salient::GgufVocabulary good;
  good.model = "gpt2";
  good.pre_tokenizer = "gpt-2";
  for (int byte = 0; byte < 256; ++byte) good.tokens.push_back(salient::tests::byte_stand_in(byte));
  const auto refuse = [](const salient::GgufVocabulary& vocabulary, ErrorKind kind,
                         const std::vector<std::string>& parts) {
    check_refused(
        [&] { salient::load_tokenizer({.folder = {}, .gguf = vocabulary, .chat_template = {}}); },
        kind, parts);
  };
  auto bad = good;
  bad.pre_tokenizer = "klingon";
  refuse(bad, ErrorKind::Unsupported, {"klingon", "smollm"});
  bad = good;
  bad.model = "bert";
  refuse(bad, ErrorKind::Unsupported, {"bert"});
  bad = good;
  bad.bos = 256;
  refuse(bad, ErrorKind::BadInput, {"bos_token_id", "256"});
  bad = good;
  bad.merges = {"ab"};
  refuse(bad, ErrorKind::BadInput, {"merges[0]"});
  bad = good;
  bad.token_types = {1, 2};
  refuse(bad, ErrorKind::BadInput, {"token_type", "2 entries"});
  bad = good;
  bad.tokens.clear();
  refuse(bad, ErrorKind::BadInput, {"tokens is empty"});
}
