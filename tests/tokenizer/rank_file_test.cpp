// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"
#include "tests/tokenizer/test_vectors.h"

namespace {

using Json = nlohmann::json;
using salient::ControlTokens;
using salient::SpecialTokens;
using salient::TokenId;
using salient::tests::file_text;
using salient::tests::shared_file;

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    unsigned held = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      held = held << 8U | (i < count ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text.push_back(i <= count ? kAlphabet[held >> (18 - 6 * i) & 63U] : '=');
    }
  }
  return text;
}

std::unique_ptr<salient::Tokenizer> load(const std::string& name, const std::string& ranks) {
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / name, std::ios::binary) << ranks;
  return salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}});
}

/// What loading says of a tokenizer.model that begins as a rank file does.
std::string refusal(const std::string& ranks) {
  try {
    load("tokenizer.model", ranks);
  } catch (const salient::Error& error) {
    return error.what();
  }
  return "loaded";
}

std::string all_bytes() {
  std::string ranks;
  for (int byte = 0; byte < 256; ++byte) {
    ranks += base64(std::string(1, static_cast<char>(byte))) + " " + std::to_string(byte) + "\n";
  }
  return ranks;
}

}  // namespace

TEST_CASE("Qwen's vocabulary written as a rank file gives the ids of the vectors") {
  const auto vocabulary = shared_file("data/tokenizers/qwen2/vocab.json");
  const auto inputs = shared_file("data/tokenizers/test-vectors/ggml-vocab-qwen2.gguf.inp");
  const auto outputs = shared_file("data/tokenizers/test-vectors/ggml-vocab-qwen2.gguf.out");
  if (!vocabulary || !inputs || !outputs) return;
  std::string ranks;
  const Json tokens = Json::parse(file_text(*vocabulary));
  for (const auto& [text, id] : tokens.items()) {
    ranks += base64(salient::stand_ins_to_bytes(text).value()) + " " + id.dump() + "\n";
  }
  const auto tokenizer = load("qwen.tiktoken", ranks);
  CHECK(tokenizer->vocab_size() == 151851);
  CHECK(tokenizer->find("<|im_end|>") == 151645);
  CHECK(tokenizer->find("<|extra_204|>") == 151850);
  for (const auto& vector : salient::tests::read_vectors(*inputs, *outputs)) {
    CAPTURE(vector.text);
    CHECK(tokenizer->encode(vector.text, SpecialTokens::Add, ControlTokens::PlainText) ==
          vector.ids);
  }
}

TEST_CASE("Llama 3's control tokens stand behind its ranks and are never text") {
  const auto folder = shared_file("data/tokenizers/llama3");
  if (!folder) return;
  const auto tokenizer =
      salient::load_tokenizer({.folder = *folder, .gguf = {}, .chat_template = {}});
  CHECK(tokenizer->vocab_size() == 128256);
  CHECK(tokenizer->bos() == 128000);
  CHECK(tokenizer->eos() == 128001);
  CHECK(tokenizer->find("<|eot_id|>") == 128009);
  CHECK(tokenizer->find("<|reserved_special_token_246|>") == 128255);
  CHECK(tokenizer->encode("hi<|eot_id|>", SpecialTokens::Add, ControlTokens::Parse) ==
        std::vector<TokenId>{128000, 6151, 128009});
  const auto plain = tokenizer->encode("<|eot_id|>", SpecialTokens::Omit, ControlTokens::PlainText);
  CHECK(plain.size() > 1);
  CHECK(tokenizer->decode(plain) == "<|eot_id|>");
}

TEST_CASE("a rank file that is wrong is refused with the place") {
  CHECK(refusal("IQ== 0\nIg== x\n").find("tokenizer.model: line 2 is \"Ig== x\"") == 0);
  CHECK(refusal("IQ== 0\nIg=  1\n").find("tokenizer.model: line 2") == 0);
  CHECK(refusal("IQ== 0\n*g== 1\n").find("tokenizer.model: line 2") == 0);
  CHECK(refusal("IQ== 0\nIg== 0\n").find("id 0 belongs to both") != std::string::npos);
  CHECK(refusal("IQ== 0\nIg== -1\n").find("id -1") != std::string::npos);
  CHECK(refusal("IQ== 0\nIg== 99999999999999999999\n").find("line 2") != std::string::npos);
  CHECK(refusal("IQ== 0\n" + base64(std::string(257, 'a')) + " 1\n").find("line 2") !=
        std::string::npos);
  CHECK(refusal("IQ== 0\n").find("the byte 0 has no rank") != std::string::npos);
  CHECK(refusal(all_bytes()).find("a rank file of 256 tokens is not known") != std::string::npos);
}
