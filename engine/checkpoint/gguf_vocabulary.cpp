// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_vocabulary.h"

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/gguf_header.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";

/// A list beside the tokens: absent, or as long as they are.
template <class T>
std::vector<T> list_beside(const GgufMetadata& metadata, std::string_view key, std::size_t tokens) {
  const auto* list = metadata.get<std::vector<T>>(key);
  if (list == nullptr) return {};
  if (list->size() == tokens) return *list;
  metadata.refuse(key, "has " + std::to_string(list->size()) + " elements for " +
                           std::to_string(tokens) + " tokens");
}

std::optional<std::int32_t> token_id(const GgufMetadata& metadata, std::string_view key,
                                     std::size_t tokens) {
  // Files say "none" as -1 or 2^32 - 1.
  const auto id = metadata.integer(key, -1, 0xFFFFFFFF);
  if (!id || *id < 0 || static_cast<std::uint64_t>(*id) >= tokens) return {};
  return static_cast<std::int32_t>(*id);
}

std::optional<bool> flag(const GgufMetadata& metadata, std::string_view key) {
  const auto* value = metadata.get<bool>(key);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

}  // namespace

std::optional<GgufVocabulary> read_vocabulary(const GgufMetadata& metadata,
                                              const std::string& file_name) {
  const auto model = metadata.text("tokenizer.ggml.model");
  const auto* tokens = metadata.get<std::vector<std::string>>(kTokens);
  if (!model || *model == "no_vocab") return {};
  if (tokens == nullptr) {
    throw Error(ErrorKind::BadInput, file_name + ": has a tokenizer model " + in_quotes(*model) +
                                         " and no " + std::string(kTokens));
  }
  const std::size_t count = tokens->size();
  GgufVocabulary vocabulary;
  vocabulary.model = *model;
  vocabulary.pre_tokenizer = metadata.text("tokenizer.ggml.pre").value_or("");
  vocabulary.tokens = *tokens;
  const auto* merges = metadata.get<std::vector<std::string>>("tokenizer.ggml.merges");
  if (merges != nullptr) vocabulary.merges = *merges;
  vocabulary.scores = list_beside<float>(metadata, "tokenizer.ggml.scores", count);
  vocabulary.token_types = list_beside<std::int32_t>(metadata, "tokenizer.ggml.token_type", count);
  vocabulary.bos = token_id(metadata, "tokenizer.ggml.bos_token_id", count);
  vocabulary.eos = token_id(metadata, "tokenizer.ggml.eos_token_id", count);
  vocabulary.unknown = token_id(metadata, "tokenizer.ggml.unknown_token_id", count);
  vocabulary.padding = token_id(metadata, "tokenizer.ggml.padding_token_id", count);
  vocabulary.add_bos = flag(metadata, "tokenizer.ggml.add_bos_token");
  vocabulary.add_eos = flag(metadata, "tokenizer.ggml.add_eos_token");
  vocabulary.add_space_prefix = flag(metadata, "tokenizer.ggml.add_space_prefix");
  return vocabulary;
}

GgufVocabulary read_gguf_vocabulary(const std::filesystem::path& file) {
  const FileSource source(file);
  auto vocabulary = read_vocabulary(read_gguf_header(source).metadata, source.name());
  if (vocabulary) return *std::move(vocabulary);
  throw Error(ErrorKind::BadInput, source.name() + ": carries no vocabulary");
}

}  // namespace salient
