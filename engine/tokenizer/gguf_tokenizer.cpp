// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/gguf_tokenizer.h"

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/tokenizer/sentencepiece_tokenizer.h"

namespace salient {
namespace {

constexpr std::int32_t kUnknownType = 2;
constexpr std::int32_t kControlType = 3;
constexpr std::int32_t kUserType = 4;

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

void check_id(const std::optional<std::int32_t>& id, const GgufVocabulary& vocabulary,
              const std::string& key, const std::string& file) {
  if (!id || (*id >= 0 && static_cast<std::size_t>(*id) < vocabulary.tokens.size())) return;
  refuse(file, "tokenizer.ggml." + key + " is " + std::to_string(*id) + ", the vocabulary has " +
                   std::to_string(vocabulary.tokens.size()) + " tokens");
}

void check(const GgufVocabulary& vocabulary, const std::string& file) {
  if (vocabulary.tokens.empty()) refuse(file, "tokenizer.ggml.tokens is empty");
  const std::size_t types = vocabulary.token_types.size();
  if (types != 0 && types != vocabulary.tokens.size()) {
    refuse(file, "tokenizer.ggml.token_type has " + std::to_string(types) + " entries for " +
                     std::to_string(vocabulary.tokens.size()) + " tokens");
  }
  check_id(vocabulary.bos, vocabulary, "bos_token_id", file);
  check_id(vocabulary.eos, vocabulary, "eos_token_id", file);
  check_id(vocabulary.unknown, vocabulary, "unknown_token_id", file);
  check_id(vocabulary.padding, vocabulary, "padding_token_id", file);
}

void add_special_tokens(const GgufVocabulary& vocabulary, BpeParts& parts) {
  for (std::size_t i = 0; i < vocabulary.token_types.size(); ++i) {
    const std::int32_t type = vocabulary.token_types[i];
    const bool control = type == kControlType || type == kUnknownType;
    if ((!control && type != kUserType) || vocabulary.tokens[i].empty()) continue;
    parts.added.push_back(
        {.text = vocabulary.tokens[i], .id = static_cast<TokenId>(i), .control = control});
  }
}

void add_merges(const GgufVocabulary& vocabulary, const std::string& file, BpeParts& parts) {
  parts.merges.reserve(vocabulary.merges.size());
  for (std::size_t i = 0; i < vocabulary.merges.size(); ++i) {
    const std::string& merge = vocabulary.merges[i];
    // A token may begin with a space only where the alphabet has none, so the first one divides.
    const auto space = merge.find(' ', 1);
    if (space == std::string::npos || space + 1 == merge.size()) {
      refuse(file, "tokenizer.ggml.merges[" + std::to_string(i) + "] is " + in_quotes(merge) +
                       ", two tokens with a space between are expected");
    }
    parts.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
  }
}

std::unique_ptr<Tokenizer> load_bpe(const GgufVocabulary& vocabulary, const std::string& file,
                                    std::int64_t embedding_rows, const std::stop_token& stop) {
  BpeParts parts;
  parts.stop = stop;
  parts.embedding_rows = embedding_rows;
  parts.file = file;
  parts.tokens = TokenList(file);
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    parts.tokens.add(vocabulary.tokens[i], static_cast<std::int64_t>(i));
  }
  const bool unnamed = vocabulary.pre_tokenizer.empty() || vocabulary.pre_tokenizer == "default";
  if (unnamed) {
    parts.warnings.push_back(file + ": tokenizer.ggml.pre names no pre-tokenizer, GPT-2's is used");
  }
  parts.pre_tokenizer = named_pre_tokenizer(unnamed ? "gpt-2" : vocabulary.pre_tokenizer);
  const bool is_llama3 =
      vocabulary.pre_tokenizer == "llama-bpe" || vocabulary.pre_tokenizer == "llama3";
  parts.ignore_merges = is_llama3;
  add_special_tokens(vocabulary, parts);
  add_merges(vocabulary, file, parts);
  parts.bos = vocabulary.bos;
  parts.eos = vocabulary.eos;
  if (parts.bos && vocabulary.add_bos.value_or(is_llama3)) parts.prefix = {*parts.bos};
  if (parts.eos && vocabulary.add_eos.value_or(false)) parts.suffix = {*parts.eos};
  return make_bpe_tokenizer(std::move(parts));
}

}  // namespace

std::unique_ptr<Tokenizer> load_gguf_tokenizer(const GgufVocabulary& vocabulary,
                                               const std::string& file, std::int64_t embedding_rows,
                                               const std::stop_token& stop) {
  check(vocabulary, file);
  if (vocabulary.model == "gpt2") return load_bpe(vocabulary, file, embedding_rows, stop);
  if (vocabulary.model == "llama")
    return make_sentencepiece_tokenizer(vocabulary, file, embedding_rows);
  throw Error(ErrorKind::Unsupported, file + ": tokenizer model " + in_quotes(vocabulary.model) +
                                          " is not known, these are: gpt2, llama");
}

}  // namespace salient
