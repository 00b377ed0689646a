// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "engine/tokenizer/normalizer.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/utf8.h"
#include "tests/shared_data.h"

namespace {

using salient::ControlTokens;
using salient::SpecialTokens;
using salient::tests::shared_file;

/// Scripts, symbols, marks, emoji, private use, white space and controls, in words of one block.
std::string random_text(std::mt19937& random) {
  const auto below = [&](unsigned count) {
    return std::uniform_int_distribution<unsigned>(0, count - 1)(random);
  };
  std::string text;
  for (unsigned words = 1 + below(12); words > 0; --words) {
    const char32_t block = below(4) == 0 ? 0 : below(0x110000 / 0x80) * 0x80;
    for (unsigned letters = 1 + below(8); letters > 0; --letters) {
      const char32_t c = block + below(0x80);
      const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
      // U+FDD0 marks shielded control tokens; it is no character.
      if (!surrogate && c != 0xFDD0) salient::utf8::append(text, c);
    }
    if (below(2) == 0) text += below(3) == 0 ? "\n  " : " ";
  }
  return text;
}

enum class Form { AsWritten, Composed };

void check_round_trip(const salient::Tokenizer& tokenizer, Form form) {
  salient::Normalizer composing;
  composing.add(salient::UnicodeStep{salient::UnicodeForm::Nfc});
  std::mt19937 random(20231);
  for (int round = 0; round < 500; ++round) {
    std::string text = random_text(random);
    if (form == Form::Composed) text = composing.apply(text);
    CAPTURE(text);
    const auto ids = tokenizer.encode(text, SpecialTokens::Omit, ControlTokens::PlainText);
    CHECK(tokenizer.decode(ids) == text);
  }
}

void check_folder(const std::string& folder, Form form) {
  const auto path = shared_file("data/tokenizers/" + folder);
  if (!path) return;
  check_round_trip(*salient::load_tokenizer({.folder = *path, .gguf = {}, .chat_template = {}}),
                   form);
}

}  // namespace

TEST_CASE("random Unicode comes back through GPT-2's tokens") {
  check_folder("gpt2", Form::AsWritten);
}

TEST_CASE("random Unicode comes back through Llama 3's tokens") {
  check_folder("llama3", Form::AsWritten);
}

TEST_CASE("random Unicode comes back composed through Qwen's tokens") {
  check_folder("qwen2", Form::Composed);
}

TEST_CASE("random Unicode comes back composed through GPT-NeoX's tokens") {
  check_folder("gpt-neox", Form::Composed);
}

TEST_CASE("random Unicode comes back through Llama 2's pieces and bytes") {
  check_folder("llama2", Form::AsWritten);
}

TEST_CASE("random Unicode comes back through both of Mistral's models") {
  for (const char* name : {"tokenizer.model.v1", "mistral_instruct_tokenizer_240323.model.v3"}) {
    const auto path = shared_file(std::string("data/tokenizers/mistral/") + name);
    if (!path) return;
    const salient::tests::TemporaryFolder folder;
    std::filesystem::copy_file(*path, folder.path() / "tokenizer.model");
    const auto tokenizer =
        salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}});
    check_round_trip(*tokenizer, Form::AsWritten);
  }
}
