// SPDX-License-Identifier: Apache-2.0
#include "engine/export/exported_vocabulary.h"

#include <algorithm>
#include <unordered_map>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/model_folder.h"
#include "engine/error.h"
#include "engine/export/named_pre_tokenizers.h"
#include "engine/tokenizer/rank_file.h"
#include "engine/tokenizer/sentencepiece_model.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/tokenizer_config.h"
#include "engine/tokenizer/tokenizer_json.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFastFile = "tokenizer.json";
constexpr const char* kPieceFile = "tokenizer.model";
enum TokenType : std::int32_t { kNormal = 1, kUnknown, kControl, kUser, kUnused, kByte };

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::Unsupported, what + " cannot be written as GGUF");
}

std::string text_of(const ModelFolder& folder, const char* name, std::uint64_t limit) {
  const auto file = folder.open(name);
  return file == nullptr ? std::string() : read_text(*file, limit);
}

/// The parts of a "Sequence", or the one step itself.
std::vector<Json> steps_of(const Json& pre_tokenizer) {
  if (!pre_tokenizer.is_object()) return {};
  if (pre_tokenizer.value("type", "") != "Sequence") return {pre_tokenizer};
  const auto parts = pre_tokenizer.find("pretokenizers");
  if (parts == pre_tokenizer.end() || !parts->is_array()) return {};
  return {parts->begin(), parts->end()};
}

/// GGUF's name of a byte-level pre-tokenizer.
std::string pre_tokenizer_name(const Json& root) {
  bool digits = false;
  std::string pattern;
  bool known = true;
  for (const Json& step : steps_of(root.value("pre_tokenizer", Json()))) {
    const std::string type = step.value("type", "");
    if (type == "Digits") {
      digits = step.value("individual_digits", false);
    } else if (type == "Split" && pattern.empty() && step.contains("pattern")) {
      pattern = step["pattern"].value("Regex", "unknown");
    } else if (type == "ByteLevel") {
      known = known && !step.value("add_prefix_space", false) &&
              step.value("use_regex", true) == pattern.empty();
    } else {
      known = false;
    }
  }
  const auto* found = std::ranges::find_if(kNamedPreTokenizers, [&](const NamedPreTokenizer& row) {
    return known && row.digits_alone == digits && row.pattern == pattern;
  });
  if (found == kNamedPreTokenizers.end()) {
    refuse("tokenizer.json cuts text in a way that GGUF has no known name for: it");
  }
  return std::string(found->name);
}

/// A token for every row; those that the tokenizer does not have are named as llama.cpp does.
void fill(GgufVocabulary& vocabulary, std::int64_t rows) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(rows, 0));
  if (vocabulary.tokens.size() > wanted) {
    throw Error(ErrorKind::BadInput,
                "the tokenizer has " + std::to_string(vocabulary.tokens.size()) +
                    " tokens for an embedding of " + std::to_string(wanted) + " rows");
  }
  vocabulary.tokens.resize(wanted);
  vocabulary.token_types.resize(wanted, kUnused);
  if (!vocabulary.scores.empty()) vocabulary.scores.resize(wanted, -1000.0F);
  for (std::size_t id = 0; id < wanted; ++id) {
    if (vocabulary.tokens[id].empty()) {
      vocabulary.tokens[id] = "[PAD" + std::to_string(id) + "]";
      vocabulary.token_types[id] = kUnused;
    }
  }
}

void mark_added(const std::vector<AddedToken>& added, GgufVocabulary& vocabulary) {
  for (const AddedToken& token : added) {
    const auto id = static_cast<std::size_t>(token.id);
    if (id >= vocabulary.tokens.size()) {
      vocabulary.tokens.resize(id + 1);
      vocabulary.token_types.resize(id + 1, kUnused);
      if (!vocabulary.scores.empty()) vocabulary.scores.resize(id + 1, -1000.0F);
    }
    if (vocabulary.token_types[id] == kUnknown || vocabulary.token_types[id] == kByte) continue;
    vocabulary.tokens[id] = token.text;
    vocabulary.token_types[id] = token.control ? kControl : kUser;
  }
}

/// SentencePiece joins the pair whose result scores best: the place in the list of merges, negated.
void score_by_merges(const BpeParts& parts, GgufVocabulary& vocabulary) {
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) ids[vocabulary.tokens[id]] = id;
  vocabulary.scores.assign(vocabulary.tokens.size(), 0.0F);
  std::vector<bool> scored(vocabulary.tokens.size());
  float score = 0;
  for (const auto& [left, right] : parts.merges) {
    score -= 1;
    const auto found = ids.find(left + right);
    if (found == ids.end() || scored[found->second]) continue;
    scored[found->second] = true;
    vocabulary.scores[found->second] = score;
  }
}

void mark_bytes(const BpeParts& parts, GgufVocabulary& vocabulary) {
  if (parts.unknown) vocabulary.token_types[static_cast<std::size_t>(*parts.unknown)] = kUnknown;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string& text = vocabulary.tokens[id];
    if (text.size() == 6 && text.starts_with("<0x") && text.ends_with(">")) {
      vocabulary.token_types[id] = kByte;
    }
  }
}

GgufVocabulary from_tokenizer_json(const std::string& text) {
  const Json root = parse_json(text, kFastFile);
  const BpeParts parts = read_tokenizer_json(JsonPlace(root, kFastFile));
  GgufVocabulary vocabulary;
  vocabulary.tokens = parts.tokens.texts();
  vocabulary.token_types.assign(vocabulary.tokens.size(), kNormal);
  vocabulary.unknown = parts.unknown;
  if (parts.spelling == TokenSpelling::Metaspace) {
    vocabulary.model = "llama";
    vocabulary.pre_tokenizer = "default";
    vocabulary.add_space_prefix = parts.drops_leading_space;
    score_by_merges(parts, vocabulary);
    mark_bytes(parts, vocabulary);
  } else {
    vocabulary.model = "gpt2";
    vocabulary.pre_tokenizer = pre_tokenizer_name(root);
    vocabulary.add_space_prefix = false;
    for (const auto& [left, right] : parts.merges) vocabulary.merges.push_back(left + " " + right);
  }
  mark_added(parts.added, vocabulary);
  return vocabulary;
}

GgufVocabulary from_pieces(const std::string& bytes) {
  const SentencePieceModel model = parse_sentencepiece_model(bytes, kPieceFile);
  if (model.algorithm != SentencePieceAlgorithm::Bpe) {
    refuse("tokenizer.model is of another kind than BPE, and");
  }
  GgufVocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.pre_tokenizer = "default";
  for (const Piece& piece : model.pieces) {
    vocabulary.tokens.push_back(piece.text);
    vocabulary.scores.push_back(piece.score);
    vocabulary.token_types.push_back(static_cast<std::int32_t>(piece.type));
  }
  vocabulary.unknown = model.unknown_id;
  vocabulary.add_space_prefix = model.add_dummy_prefix;
  return vocabulary;
}

/// What stands around a text, asked of the tokenizer itself.
void add_ends(const Checkpoint& source, const ModelFolder& folder, GgufVocabulary& vocabulary) {
  const auto tokenizer = load_tokenizer(source.tokenizer_source());
  vocabulary.bos = tokenizer->bos();
  vocabulary.eos = tokenizer->eos();
  const auto ids = tokenizer->encode("a", SpecialTokens::Add, ControlTokens::PlainText);
  vocabulary.add_bos = !ids.empty() && vocabulary.bos && ids.front() == *vocabulary.bos;
  vocabulary.add_eos = !ids.empty() && vocabulary.eos && ids.back() == *vocabulary.eos;
  const std::optional<std::string> unknown = read_tokenizer_config(folder).unknown;
  if (!vocabulary.unknown && unknown) vocabulary.unknown = tokenizer->find(*unknown);
  const Json& config = source.config_json();
  const auto padding = config.find("pad_token_id");
  if (padding != config.end() && padding->is_number_unsigned() &&
      *padding < static_cast<std::uint64_t>(source.config().vocab_size)) {
    vocabulary.padding = padding->get<std::int32_t>();
  }
}

}  // namespace

GgufVocabulary exported_vocabulary(const Checkpoint& source) {
  const TokenizerSource& tokenizer = source.tokenizer_source();
  if (tokenizer.gguf) return *tokenizer.gguf;
  const ModelFolder folder(tokenizer.folder);
  const std::string pieces = text_of(folder, kPieceFile, limits::kSentencePieceBytes);
  const std::string fast = text_of(folder, kFastFile, limits::kTokenizerBytes);
  GgufVocabulary vocabulary;
  if (!pieces.empty() && !is_rank_file(pieces)) {
    vocabulary = from_pieces(pieces);
    mark_added(read_tokenizer_config(folder).added, vocabulary);
  } else if (!fast.empty()) {
    vocabulary = from_tokenizer_json(fast);
  } else {
    refuse("a tokenizer without tokenizer.json or a SentencePiece tokenizer.model");
  }
  add_ends(source, folder, vocabulary);
  fill(vocabulary, source.config().vocab_size);
  return vocabulary;
}

}  // namespace salient
