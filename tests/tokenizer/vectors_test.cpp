// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/checkpoint/checkpoint.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"
#include "tests/tokenizer/test_vectors.h"

namespace {

using salient::ControlTokens;
using salient::SpecialTokens;
using salient::TokenId;
using salient::tests::shared_file;

std::unique_ptr<salient::Tokenizer> load_folder(const std::filesystem::path& folder) {
  return salient::load_tokenizer({.folder = folder, .gguf = {}, .chat_template = {}});
}

/// Compares every vector, then decodes the ids back to the text.
void check_vectors(const salient::Tokenizer& tokenizer, const std::string& name) {
  const std::string base = "data/tokenizers/test-vectors/ggml-vocab-" + name + ".gguf.";
  const auto inputs = shared_file(base + "inp");
  const auto outputs = shared_file(base + "out");
  if (!inputs || !outputs) return;
  const auto vectors = salient::tests::read_vectors(*inputs, *outputs);
  CHECK(vectors.size() > 40);
  for (const auto& vector : vectors) {
    CAPTURE(vector.text);
    const auto ids = tokenizer.encode(vector.text, SpecialTokens::Omit, ControlTokens::PlainText);
    CHECK(ids == vector.ids);
    CHECK(tokenizer.decode(ids) == vector.text);
  }
}

void check_folder(const std::string& folder, const std::string& name) {
  const auto path = shared_file("data/tokenizers/" + folder);
  if (!path) return;
  check_vectors(*load_folder(*path), name);
}

void check_gguf(const std::string& name) {
  const auto path = shared_file("data/tokenizers/gguf-vocab/ggml-vocab-" + name + ".gguf");
  if (!path) return;
  const auto tokenizer = salient::load_tokenizer(
      {.folder = {}, .gguf = salient::read_gguf_vocabulary(*path), .chat_template = {}});
  check_vectors(*tokenizer, name);
}

}  // namespace

TEST_CASE("GPT-2's vocab.json and merges.txt give the ids of the vectors") {
  check_folder("gpt2", "gpt-2");
}

TEST_CASE("Qwen2's vocab.json and merges.txt give the ids of the vectors") {
  check_folder("qwen2", "qwen2");
}

TEST_CASE("GPT-NeoX's tokenizer.json gives the ids of MPT's vectors") {
  check_folder("gpt-neox", "mpt");
}

TEST_CASE("Llama 2's tokenizer.model gives the ids of the vectors") {
  check_folder("llama2", "llama-spm");
}

TEST_CASE("Llama 3's rank file gives the ids of the vectors") {
  check_folder("llama3", "llama-bpe");
}

TEST_CASE("the byte-level vocabulary in Falcon's GGUF gives the ids of the vectors") {
  check_gguf("falcon");
}

TEST_CASE("the SentencePiece vocabulary in Llama 2's GGUF gives the ids of the vectors") {
  check_gguf("llama-spm");
}

TEST_CASE("the SentencePiece vocabulary in Phi-3's GGUF gives the ids of the vectors") {
  check_gguf("phi-3");
}
