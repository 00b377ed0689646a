// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer_folder.h"

#include <algorithm>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/model_folder.h"
#include "engine/error.h"
#include "engine/tokenizer/rank_file.h"
#include "engine/tokenizer/sentencepiece_tokenizer.h"
#include "engine/tokenizer/tokenizer_config.h"
#include "engine/tokenizer/tokenizer_json.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFastFile = "tokenizer.json";
constexpr const char* kSentencePieceFile = "tokenizer.model";
constexpr const char* kQwenRankFile = "qwen.tiktoken";
constexpr const char* kVocabularyFile = "vocab.json";
constexpr const char* kMergesFile = "merges.txt";
constexpr const char* kGpt2End = "<|endoftext|>";

std::string read_file(const ModelFolder& folder, const std::string& name, std::uint64_t limit) {
  const auto file = folder.open(name);
  if (file == nullptr) throw Error(ErrorKind::BadInput, name + ": the file is missing");
  return read_text(*file, limit);
}

std::optional<TokenId> id_of(const TokenList& tokens, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto& texts = tokens.texts();
  const auto found = std::find(texts.begin(), texts.end(), *text);
  if (found == texts.end() || text->empty()) return std::nullopt;
  return static_cast<TokenId>(found - texts.begin());
}

void set_ends(const TokenizerConfig& config, BpeParts& parts) {
  parts.bos = id_of(parts.tokens, config.bos);
  parts.eos = id_of(parts.tokens, config.eos);
  for (const auto& [text, id] :
       {std::pair(config.bos, parts.bos), std::pair(config.eos, parts.eos)}) {
    if (text && !id) {
      parts.warnings.push_back("tokenizer_config.json names the token " + in_quotes(*text) +
                               ", which the vocabulary does not have");
    }
  }
}

std::unique_ptr<Tokenizer> load_fast(const ModelFolder& folder, std::int64_t embedding_rows,
                                     const std::stop_token& stop) {
  BpeParts parts = [&] {
    const Json json =
        parse_json(read_file(folder, kFastFile, limits::kTokenizerBytes), kFastFile, stop);
    return read_tokenizer_json(JsonPlace(json, kFastFile), stop);
  }();
  set_ends(read_tokenizer_config(folder), parts);
  parts.embedding_rows = embedding_rows;
  return make_bpe_tokenizer(std::move(parts));
}

std::unique_ptr<Tokenizer> load_ranks(const ModelFolder& folder, const std::string& name,
                                      std::int64_t embedding_rows, const std::stop_token& stop) {
  BpeParts parts = read_rank_file(read_file(folder, name, limits::kRankFileBytes), name);
  parts.stop = stop;
  parts.embedding_rows = embedding_rows;
  const TokenizerConfig config = read_tokenizer_config(folder);
  if (config.bos || config.eos) set_ends(config, parts);
  return make_bpe_tokenizer(std::move(parts));
}

std::unique_ptr<Tokenizer> load_model_file(const ModelFolder& folder, std::int64_t embedding_rows,
                                           const std::stop_token& stop) {
  const std::string text = read_file(folder, kSentencePieceFile, limits::kSentencePieceBytes);
  if (is_rank_file(text)) return load_ranks(folder, kSentencePieceFile, embedding_rows, stop);
  return make_sentencepiece_tokenizer(text, read_tokenizer_config(folder), embedding_rows);
}

void read_merge_lines(std::string_view text, BpeParts& parts) {
  std::size_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (number == 1 && line.starts_with("#version"))) continue;
    const auto space = line.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == line.size()) {
      throw Error(ErrorKind::BadInput, std::string(kMergesFile) + ": line " +
                                           std::to_string(number) + " is " + in_quotes(line) +
                                           ", two tokens with a space between are expected");
    }
    parts.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
}

/// Which pre-tokenizer a slow tokenizer's Python class has.
void set_class(const TokenizerConfig& config, BpeParts& parts) {
  const bool is_qwen2 = config.tokenizer_class.starts_with("Qwen2");
  const bool known = is_qwen2 || config.tokenizer_class.empty() ||
                     config.tokenizer_class.starts_with("GPT2") ||
                     config.tokenizer_class.starts_with("GPTNeoX");
  if (!known) {
    parts.warnings.push_back("tokenizer_config.json: the class " +
                             in_quotes(config.tokenizer_class) +
                             " is not known, text is cut as GPT-2 does");
  }
  if (is_qwen2) parts.normalizer.add(UnicodeStep{UnicodeForm::Nfc});
  if (config.add_prefix_space.value_or(false)) parts.pre_tokenizer.add(PrefixSpaceStep{});
  parts.pre_tokenizer.append(named_pre_tokenizer(is_qwen2 ? "qwen2" : "gpt-2"));
}

void set_slow_added(const TokenizerConfig& config, BpeParts& parts) {
  for (const AddedToken& token : config.added) {
    parts.tokens.add_known(token.text, token.id);
    parts.added.push_back(token);
  }
  for (const auto& text : {config.bos, config.eos}) {
    const auto id = id_of(parts.tokens, text);
    const bool listed = std::any_of(parts.added.begin(), parts.added.end(),
                                    [&](const AddedToken& token) { return token.text == text; });
    if (id && !listed) parts.added.push_back({.text = *text, .id = *id, .control = true});
  }
}

std::unique_ptr<Tokenizer> load_slow(const ModelFolder& folder, std::int64_t embedding_rows,
                                     const std::stop_token& stop) {
  BpeParts parts;
  parts.stop = stop;
  parts.embedding_rows = embedding_rows;
  parts.file = kVocabularyFile;
  parts.tokens = TokenList(kVocabularyFile);
  const Json vocabulary = parse_json(read_file(folder, kVocabularyFile, limits::kTokenizerBytes),
                                     kVocabularyFile, stop);
  const JsonPlace root(vocabulary, kVocabularyFile);
  root.expect_object();
  for (const auto& [text, id] : vocabulary.items()) {
    parts.tokens.add(text, JsonPlace(id, root.path() + ": " + escaped(text)).integer());
  }
  read_merge_lines(read_file(folder, kMergesFile, limits::kTokenizerBytes), parts);
  TokenizerConfig config = read_tokenizer_config(folder);
  // GPT-2's own folder says nothing about its one special token.
  if (config.tokenizer_class.empty() && !config.bos && !config.eos)
    config.bos = config.eos = kGpt2End;
  set_class(config, parts);
  set_slow_added(config, parts);
  set_ends(config, parts);
  if (parts.bos && config.add_bos.value_or(false)) parts.prefix = {*parts.bos};
  if (parts.eos && config.add_eos.value_or(false)) parts.suffix = {*parts.eos};
  return make_bpe_tokenizer(std::move(parts));
}

}  // namespace

bool folder_has_tokenizer(const std::filesystem::path& folder) {
  std::error_code ignored;
  const auto has = [&](const char* name) {
    return std::filesystem::exists(folder / name, ignored);
  };
  return has(kFastFile) || has(kSentencePieceFile) || has(kQwenRankFile) ||
         (has(kVocabularyFile) && has(kMergesFile));
}

std::unique_ptr<Tokenizer> load_folder_tokenizer(const std::filesystem::path& path,
                                                 std::int64_t embedding_rows,
                                                 const std::stop_token& stop) {
  const ModelFolder folder(path);
  if (folder.has(kFastFile)) return load_fast(folder, embedding_rows, stop);
  if (folder.has(kSentencePieceFile)) return load_model_file(folder, embedding_rows, stop);
  if (folder.has(kQwenRankFile)) return load_ranks(folder, kQwenRankFile, embedding_rows, stop);
  if (folder.has(kVocabularyFile) && folder.has(kMergesFile))
    return load_slow(folder, embedding_rows, stop);
  throw Error(ErrorKind::BadInput, escaped(path.filename().string()) +
                                       ": no tokenizer.json, tokenizer.model, qwen.tiktoken, or "
                                       "vocab.json with merges.txt is here");
}

}  // namespace salient
