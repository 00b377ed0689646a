// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <map>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"
#include "tests/tokenizer/test_vectors.h"

namespace {

using Json = nlohmann::json;
using salient::ControlTokens;
using salient::SpecialTokens;
using salient::TokenId;

/// The demo model's vocabulary as far as the golden texts reach it, with small ids of its own.
struct SmallVocabulary {
  salient::GgufVocabulary vocabulary;
  std::map<TokenId, TokenId> own_id;  ///< of an id of the whole vocabulary
};

Json golden() {
  return Json::parse(
      salient::tests::file_text(salient::tests::source_file("tests/golden/smollm_tokenizer.json")));
}

SmallVocabulary small_vocabulary(const Json& golden) {
  SmallVocabulary small;
  salient::GgufVocabulary& vocabulary = small.vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre_tokenizer = "smollm";
  for (const Json& pair : golden["tokens"]) {
    const auto text = pair[0].get<std::string>();
    const auto& control = golden["control"];
    const bool is_control = std::find(control.begin(), control.end(), text) != control.end();
    small.own_id[pair[1].get<TokenId>()] = static_cast<TokenId>(vocabulary.tokens.size());
    vocabulary.tokens.push_back(text);
    vocabulary.token_types.push_back(is_control ? 3 : 1);
  }
  vocabulary.merges = golden["merges"].get<std::vector<std::string>>();
  vocabulary.bos = 1;
  vocabulary.eos = 2;
  return small;
}

void check_texts(const salient::Tokenizer& tokenizer, const Json& golden,
                 const std::map<TokenId, TokenId>* own_id) {
  for (const Json& row : golden["texts"]) {
    const auto text = row["text"].get<std::string>();
    CAPTURE(text);
    for (const char* kind : {"plain", "parsed"}) {
      auto expected = row.value(kind, row["plain"]).get<std::vector<TokenId>>();
      if (own_id != nullptr) {
        for (TokenId& id : expected) id = own_id->at(id);
      }
      const auto control =
          std::string(kind) == "plain" ? ControlTokens::PlainText : ControlTokens::Parse;
      const auto ids = tokenizer.encode(text, SpecialTokens::Omit, control);
      CHECK(ids == expected);
      if (control == ControlTokens::PlainText) CHECK(tokenizer.decode(ids) == text);
    }
  }
}

}  // namespace

TEST_CASE("the smollm pre-tokenizer gives the ids of the tokenizers package") {
  const Json rows = golden();
  const SmallVocabulary small = small_vocabulary(rows);
  const auto tokenizer =
      salient::load_tokenizer({.folder = {}, .gguf = small.vocabulary, .chat_template = {}});
  CHECK(tokenizer->warnings().empty());
  check_texts(*tokenizer, rows, &small.own_id);
}

TEST_CASE("the demo model's whole vocabulary gives the same ids") {
  const char* path = std::getenv("SALIENT_DEMO_GGUF");
  if (path == nullptr) {
    std::printf("SKIPPED: SALIENT_DEMO_GGUF is not set\n");
    return;
  }
  const salient::GgufVocabulary vocabulary = salient::read_gguf_vocabulary(path);
  const auto tokenizer =
      salient::load_tokenizer({.folder = {}, .gguf = vocabulary, .chat_template = {}});
  CHECK(tokenizer->vocab_size() == 49152);
  CHECK(tokenizer->bos() == 1);
  CHECK(tokenizer->eos() == 2);
  CHECK(tokenizer->find("<|im_end|>") == 2);
  CHECK(tokenizer->warnings().empty());
  check_texts(*tokenizer, golden(), nullptr);
}
