// SPDX-License-Identifier: Apache-2.0
// Input: one byte with the length of a text, the text, a SentencePiece model. What the strict check
// accepts, the library takes without harm: ids stay below the vocabulary.
#include <algorithm>

#include "engine/error.h"
#include "engine/tokenizer/sentencepiece_model.h"
#include "engine/tokenizer/sentencepiece_tokenizer.h"
#include "tests/fuzz/text_fuzzing.h"

using namespace salient;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const void* address = data;
  const std::string_view all(static_cast<const char*>(address), size);
  const std::size_t length = std::min<std::size_t>(data[0], size - 1);
  try {
    const auto tokenizer = make_sentencepiece_tokenizer(all.substr(1 + length), {}, 0);
    fuzz::exercise(*tokenizer, all.substr(1, length));
  } catch (const Error& error) {
    fuzz::demand_sentence(error.what());
  }
  return 0;
}

namespace {

SentencePieceModel small_model(SentencePieceAlgorithm algorithm, bool bytes) {
  SentencePieceModel model;
  model.algorithm = algorithm;
  model.byte_fallback = bytes;
  model.pieces = {{"<unk>", 0, PieceType::Unknown},
                  {"<s>", 0, PieceType::Control},
                  {"</s>", 0, PieceType::Control},
                  {"<user>", 0, PieceType::UserDefined}};
  const char* digits = "0123456789ABCDEF";
  for (std::size_t byte = 0; bytes && byte < 256; ++byte) {
    model.pieces.push_back(
        {{'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'}, 0, PieceType::Byte});
  }
  float score = -1;
  for (const char* text :
       {"\u2581", "a", "b", "ab", "\u2581ab", "ba", "aba", "é", "\u2581\u2581"}) {
    model.pieces.push_back({text, score--, PieceType::Normal});
  }
  model.pieces.push_back({"abab", score, PieceType::Unused});
  return model;
}

std::string seed(const SentencePieceModel& model, const std::string& text) {
  return std::string(1, static_cast<char>(text.size())) + text +
         serialize_sentencepiece_model(model);
}

}  // namespace

std::vector<std::string> fuzz_seeds() {
  std::vector<std::string> seeds;
  for (const auto algorithm : {SentencePieceAlgorithm::Unigram, SentencePieceAlgorithm::Bpe,
                               SentencePieceAlgorithm::Word, SentencePieceAlgorithm::Character}) {
    for (const bool bytes : {false, true}) {
      SentencePieceModel model = small_model(algorithm, bytes);
      seeds.push_back(seed(model, "ab  abab é川 <user>aba</s>"));
      model.remove_extra_whitespaces = false;
      model.whitespace_as_suffix = true;
      seeds.push_back(seed(model, " abab\t\n b"));
      // A trie of one block that leads nowhere.
      model.precompiled_charsmap =
          std::string("\0\4\0\0", 4) + std::string(1024, '\0') + std::string(2, '\0');
      seeds.push_back(seed(model, "abé"));
    }
  }
  return seeds;
}
