// SPDX-License-Identifier: Apache-2.0
// Input: the text of tokenizer.json. What is accepted cuts any text into ids of its vocabulary, and
// puts ids together to valid UTF-8.
#include "engine/checkpoint/bounded_json.h"
#include "engine/tokenizer/tokenizer_json.h"
#include "tests/fuzz/tokenizer_checks.h"

using namespace salient;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto json = parse_json(fuzz::text_of(data, size), "tokenizer.json");
    const auto tokenizer =
        make_bpe_tokenizer(read_tokenizer_json(JsonPlace(json, "tokenizer.json")));
    fuzz::check_tokenizer(*tokenizer);
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
