// SPDX-License-Identifier: Apache-2.0
#include "tests/job/wide_checkpoint.h"

#include <fstream>

#include "tests/byte_level.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kVocabulary = 131072;
constexpr std::int64_t kHidden = 512;
constexpr std::int64_t kBytes = 256;
constexpr const char* kEmbedding = "model.embed_tokens.weight";

/// All bytes, all pairs of bytes, and pairs with one more byte until the vocabulary is full.
Json tokenizer_of(const std::filesystem::path& of_bytes) {
  Json tokenizer = Json::parse(std::ifstream(of_bytes));
  Json vocab = tokenizer["model"]["vocab"];
  std::vector<std::string> texts;
  for (int byte = 0; byte < kBytes; ++byte) texts.push_back(byte_stand_in(byte));
  Json::object_t::Container members = vocab.get_ref<Json::object_t&>();
  Json merges = Json::array();
  for (std::size_t left = 0; texts.size() < std::size_t{kVocabulary}; ++left) {
    for (std::size_t right = 0; right < std::size_t{kBytes}; ++right) {
      if (texts.size() == std::size_t{kVocabulary}) break;
      merges.push_back(texts[left] + " " + texts[right]);
      texts.push_back(texts[left] + texts[right]);
      members.emplace_back(texts.back(), texts.size() - 1);
    }
  }
  static_cast<Json::object_t::Container&>(vocab.get_ref<Json::object_t&>()) = std::move(members);
  tokenizer["model"]["vocab"] = std::move(vocab);
  tokenizer["model"]["merges"] = std::move(merges);
  return tokenizer;
}

}  // namespace

void write_wide_checkpoint(const std::filesystem::path& folder) {
  // Written narrow first, for the tokenizer of bytes that the wide one grows from.
  TinyOptions options{.hidden_size = kHidden, .tied_head = true};
  write_folder(make_tiny_checkpoint(options), folder);
  write_bytes(folder / "tokenizer.json", tokenizer_of(folder / "tokenizer.json").dump());
  TinyCheckpoint checkpoint = make_tiny_checkpoint(options);
  checkpoint.config["vocab_size"] = kVocabulary;
  write_bytes(folder / "config.json", checkpoint.config.dump(2));
  std::erase_if(checkpoint.tensors, [](const TinyTensor& t) { return t.name == kEmbedding; });
  Json header = safetensors_header(checkpoint.tensors);
  std::string data;
  for (const TinyTensor& tensor : checkpoint.tensors) data += tensor.bytes;
  const std::size_t embedding = std::size_t{kVocabulary} * std::size_t{kHidden} * sizeof(float);
  header[kEmbedding] = {{"dtype", "F32"},
                        {"shape", {kVocabulary, kHidden}},
                        {"data_offsets", {data.size(), data.size() + embedding}}};
  const std::string bytes = safetensors_bytes(header.dump(), data);
  write_bytes(folder / "model.safetensors", bytes);
  std::filesystem::resize_file(folder / "model.safetensors", bytes.size() + embedding);
}

}  // namespace salient::tests
