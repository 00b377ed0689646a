// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"
#include "tests/tokenizer/test_vectors.h"

namespace {

using Json = nlohmann::ordered_json;
using salient::ControlTokens;
using salient::SpecialTokens;
using salient::TokenId;

using Ids = std::vector<TokenId>;

std::unique_ptr<salient::Tokenizer> load(const Json& tokenizer) {
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.json") << tokenizer.dump();
  return salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}});
}

}  // namespace

TEST_CASE("every kind of tokenizer.json gives the ids of the tokenizers package") {
  const Json rows = Json::parse(
      salient::tests::file_text(salient::tests::source_file("tests/golden/tokenizer_json.json")));
  CHECK(rows.size() == 13);
  for (const Json& row : rows) {
    CAPTURE(row["name"]);
    const auto tokenizer = load(row["tokenizer"]);
    CHECK(tokenizer->warnings().empty());
    for (const Json& text : row["texts"]) {
      CAPTURE(text["text"]);
      const auto source = text["text"].get<std::string>();
      const Ids ids = tokenizer->encode(source, SpecialTokens::Omit, ControlTokens::Parse);
      CHECK(ids == text["ids"].get<Ids>());
      const Ids all = tokenizer->encode(source, SpecialTokens::Add, ControlTokens::Parse);
      CHECK(all == text.value("with_special", text["ids"]).get<Ids>());
      if (text.contains("decoded")) {
        CHECK(tokenizer->decode(ids) == text["decoded"].get<std::string>());
      }
    }
  }
}
