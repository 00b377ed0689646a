// SPDX-License-Identifier: Apache-2.0
// Input: a SentencePiece tokenizer.model. The strict check stands between the bytes and the
// library: what it lets through must not bring the library down, and cuts text into ids of its
// vocabulary.
#include "engine/tokenizer/sentencepiece_tokenizer.h"
#include "tests/fuzz/tokenizer_checks.h"

using namespace salient;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto tokenizer = make_sentencepiece_tokenizer(fuzz::text_of(data, size), {}, 0);
    fuzz::check_tokenizer(*tokenizer);
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
