// SPDX-License-Identifier: Apache-2.0
// Input: a tokenizer.json, a zero byte, a text. Ids stay below the vocabulary, streaming gives what
// decoding gives, and a byte-level vocabulary of all bytes without a normalizer loses nothing.
#include <fstream>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/bounded_json.h"
#include "engine/error.h"
#include "engine/tokenizer/tokenizer_json.h"
#include "engine/tokenizer/utf8.h"
#include "tests/byte_level.h"
#include "tests/fuzz/text_fuzzing.h"

using namespace salient;
using Json = nlohmann::ordered_json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [source, text] = fuzz::halves(data, size);
  try {
    const Json json = parse_json(source, "tokenizer.json");
    BpeParts parts = read_tokenizer_json(JsonPlace(json, "tokenizer.json"));
    const auto tokenizer = make_bpe_tokenizer(std::move(parts));
    fuzz::exercise(*tokenizer, text);
  } catch (const Error& error) {
    fuzz::demand_sentence(error.what());
  }
  return 0;
}

std::vector<std::string> fuzz_seeds() {
  std::ifstream file(SALIENT_SOURCE_DIR "/tests/golden/tokenizer_json.json", std::ios::binary);
  std::vector<std::string> seeds;
  for (const Json& row : Json::parse(file)) {
    for (const std::size_t text : {std::size_t{1}, std::size_t{5}}) {
      seeds.push_back(row["tokenizer"].dump() + std::string(1, '\0') +
                      row["texts"][text]["text"].get<std::string>());
    }
  }
  return seeds;
}
