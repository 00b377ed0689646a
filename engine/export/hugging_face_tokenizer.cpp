// SPDX-License-Identifier: Apache-2.0
#include "engine/export/hugging_face_tokenizer.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/export/named_pre_tokenizers.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int32_t kControlToken = 3;
constexpr std::int32_t kUserToken = 4;

const NamedPreTokenizer& find_pre_tokenizer(const std::string& name) {
  const auto* found = std::ranges::find(kNamedPreTokenizers, name, &NamedPreTokenizer::name);
  if (found == kNamedPreTokenizers.end()) {
    throw Error(ErrorKind::Unsupported,
                "the GGUF's pre-tokenizer " + in_quotes(name) +
                    " cannot be written as tokenizer.json; smollm, gpt-2, llama-bpe and qwen2 can");
  }
  return *found;
}

Json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

Json pre_tokenizer_json(const NamedPreTokenizer& row) {
  Json parts = Json::array();
  if (row.digits_alone) parts.push_back({{"type", "Digits"}, {"individual_digits", true}});
  if (!row.pattern.empty()) {
    parts.push_back({{"type", "Split"},
                     {"pattern", {{"Regex", row.pattern}}},
                     {"behavior", "Isolated"},
                     {"invert", false}});
  }
  parts.push_back(byte_level(row.pattern.empty()));
  return {{"type", "Sequence"}, {"pretokenizers", parts}};
}

Json added_tokens(const GgufVocabulary& vocabulary) {
  Json tokens = Json::array();
  for (std::size_t id = 0; id < vocabulary.token_types.size(); ++id) {
    const std::int32_t type = vocabulary.token_types[id];
    if (type != kControlToken && type != kUserToken) continue;
    tokens.push_back({{"id", id},
                      {"content", vocabulary.tokens.at(id)},
                      {"single_word", false},
                      {"lstrip", false},
                      {"rstrip", false},
                      {"normalized", false},
                      {"special", type == kControlToken}});
  }
  return tokens;
}

std::string token_text(const GgufVocabulary& vocabulary, std::optional<std::int32_t> id) {
  if (!id || *id < 0 || static_cast<std::size_t>(*id) >= vocabulary.tokens.size()) return "";
  return vocabulary.tokens[static_cast<std::size_t>(*id)];
}

/// "$A" with BOS before and EOS after it, as the GGUF asks; null when it asks for neither.
Json post_processor(const GgufVocabulary& vocabulary) {
  const bool bos = vocabulary.add_bos.value_or(false) && vocabulary.bos;
  const bool eos = vocabulary.add_eos.value_or(false) && vocabulary.eos;
  if (!bos && !eos) return nullptr;
  Json single = Json::array();
  Json special = Json::object();
  const auto add = [&](std::int32_t id) {
    const std::string text = token_text(vocabulary, id);
    single.push_back({{"SpecialToken", {{"id", text}, {"type_id", 0}}}});
    special[text] = {{"id", text}, {"ids", {id}}, {"tokens", {text}}};
  };
  if (bos) add(*vocabulary.bos);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  if (eos) add(*vocabulary.eos);
  Json pair = single;
  pair.push_back({{"Sequence", {{"id", "B"}, {"type_id", 1}}}});
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", pair},
          {"special_tokens", special}};
}

/// nlohmann's ordered objects search linearly, which a vocabulary cannot afford.
std::string vocab_text(const GgufVocabulary& vocabulary) {
  std::string text = "{";
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (id != 0) text += ",";
    text += "\n      " + Json(vocabulary.tokens[id]).dump() + ": " + std::to_string(id);
  }
  return text + "\n    }";
}

Json model_json(bool byte_fallback, bool ignore_merges, const std::vector<std::string>& merges,
                const std::string& unknown) {
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", byte_fallback && !unknown.empty() ? Json(unknown) : Json(nullptr)},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", byte_fallback},
          {"byte_fallback", byte_fallback},
          {"ignore_merges", ignore_merges},
          {"vocab", "@vocab@"},
          {"merges", merges}};
}

Json byte_level_json(const GgufVocabulary& vocabulary) {
  const NamedPreTokenizer& row = find_pre_tokenizer(vocabulary.pre_tokenizer);
  Json decoder = byte_level(true);
  decoder["add_prefix_space"] = true;
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens(vocabulary)},
          {"normalizer", nullptr},
          {"pre_tokenizer", pre_tokenizer_json(row)},
          {"post_processor", post_processor(vocabulary)},
          {"decoder", decoder},
          {"model", model_json(false, row.ignore_merges, vocabulary.merges, "")}};
}

/// A SentencePiece vocabulary has scores instead of merges: every way to put a piece together from
/// two others is a merge, and better pieces come first.
std::vector<std::string> merges_from_scores(const GgufVocabulary& vocabulary) {
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) ids[vocabulary.tokens[id]] = id;
  struct Merge {
    float score;
    std::size_t left, right, left_bytes, piece;
  };
  std::vector<Merge> found;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::string_view piece = vocabulary.tokens[id];
    for (std::size_t cut = 1; cut < piece.size(); ++cut) {
      const auto left = ids.find(piece.substr(0, cut));
      const auto right = ids.find(piece.substr(cut));
      if (left == ids.end() || right == ids.end()) continue;
      found.push_back({vocabulary.scores.at(id), left->second, right->second, cut, id});
    }
  }
  std::ranges::stable_sort(found, [](const Merge& a, const Merge& b) {
    return std::tuple(-a.score, a.piece, a.left, a.right) <
           std::tuple(-b.score, b.piece, b.left, b.right);
  });
  std::vector<std::string> merges;
  merges.reserve(found.size());
  for (const Merge& merge : found) {
    merges.push_back(vocabulary.tokens[merge.left] + " " + vocabulary.tokens[merge.right]);
  }
  return merges;
}

Json sentencepiece_json(const GgufVocabulary& vocabulary) {
  const bool prefix = vocabulary.add_space_prefix.value_or(true);
  const Json to_bar = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "▁"}};
  const Json from_bar = {{"type", "Replace"}, {"pattern", {{"String", "▁"}}}, {"content", " "}};
  Json normalizers = Json::array();
  if (prefix) normalizers.push_back({{"type", "Prepend"}, {"prepend", "▁"}});
  normalizers.push_back(to_bar);
  Json decoders = Json::array({from_bar, {{"type", "ByteFallback"}}, {{"type", "Fuse"}}});
  if (prefix) {
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", added_tokens(vocabulary)},
          {"normalizer", {{"type", "Sequence"}, {"normalizers", normalizers}}},
          {"pre_tokenizer", nullptr},
          {"post_processor", post_processor(vocabulary)},
          {"decoder", {{"type", "Sequence"}, {"decoders", decoders}}},
          {"model", model_json(true, false, merges_from_scores(vocabulary),
                               token_text(vocabulary, vocabulary.unknown))}};
}

std::string tokenizer_json(const GgufVocabulary& vocabulary) {
  Json json;
  if (vocabulary.model == "gpt2") {
    json = byte_level_json(vocabulary);
  } else if (vocabulary.model == "llama") {
    json = sentencepiece_json(vocabulary);
  } else {
    throw Error(ErrorKind::Unsupported,
                "the GGUF's tokenizer model " + in_quotes(vocabulary.model) +
                    " cannot be written as tokenizer.json; gpt2 and llama can");
  }
  std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  constexpr std::string_view kPlace = "\"@vocab@\"";
  // The last one: a token of that text would stand before it, inside "added_tokens".
  text.replace(text.rfind(kPlace), kPlace.size(), vocab_text(vocabulary));
  return text;
}

Json special_tokens(const GgufVocabulary& vocabulary) {
  Json tokens = Json::object();
  const std::array<std::pair<const char*, std::optional<std::int32_t>>, 4> names = {{
      {"bos_token", vocabulary.bos},
      {"eos_token", vocabulary.eos},
      {"unk_token", vocabulary.unknown},
      {"pad_token", vocabulary.padding},
  }};
  for (const auto& [name, id] : names) {
    if (const std::string text = token_text(vocabulary, id); !text.empty()) tokens[name] = text;
  }
  return tokens;
}

Json tokenizer_config(const Checkpoint& source, const GgufVocabulary& vocabulary) {
  Json config = special_tokens(vocabulary);
  config["tokenizer_class"] = "PreTrainedTokenizerFast";
  config["clean_up_tokenization_spaces"] = false;
  if (source.config().max_positions > 0) config["model_max_length"] = source.config().max_positions;
  if (!source.tokenizer_source().chat_template.empty()) {
    config["chat_template"] = source.tokenizer_source().chat_template;
  }
  return config;
}

Json generation_config(const GgufVocabulary& vocabulary) {
  Json config = {{"_from_model_config", true}};
  if (vocabulary.bos) config["bos_token_id"] = *vocabulary.bos;
  if (vocabulary.eos) config["eos_token_id"] = *vocabulary.eos;
  if (vocabulary.padding) config["pad_token_id"] = *vocabulary.padding;
  return config;
}

}  // namespace

std::map<std::string, std::string> hugging_face_tokenizer_files(const Checkpoint& source) {
  const GgufVocabulary& vocabulary = source.tokenizer_source().gguf.value();
  const auto text = [](const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  };
  return {{"generation_config.json", text(generation_config(vocabulary))},
          {"special_tokens_map.json", text(special_tokens(vocabulary))},
          {"tokenizer.json", tokenizer_json(vocabulary)},
          {"tokenizer_config.json", text(tokenizer_config(source, vocabulary))}};
}

}  // namespace salient
