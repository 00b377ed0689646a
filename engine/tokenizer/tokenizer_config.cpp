// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer_config.h"

#include <charconv>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/tokenizer/json_reading.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

/// The whole file as JSON; null when it is absent.
Json read_json(const ModelFolder& folder, const std::string& name) {
  const auto file = folder.open(name);
  if (file == nullptr) return nullptr;
  return parse_json(read_text(*file, limits::kTokenizerConfigBytes), name);
}

/// "<s>" or {"content": "<s>", ...}.
std::optional<std::string> token_text(const JsonPlace& root, std::string_view key) {
  const auto place = root.find(key);
  if (!place) return std::nullopt;
  return place->value().is_object() ? place->at("content").string() : place->string();
}

std::optional<bool> flag(const JsonPlace& root, std::string_view key) {
  const auto place = root.find(key);
  if (!place) return std::nullopt;
  return place->boolean();
}

void read_names(const JsonPlace& root, TokenizerConfig& config) {
  if (!config.bos) config.bos = token_text(root, "bos_token");
  if (!config.eos) config.eos = token_text(root, "eos_token");
  if (!config.unknown) config.unknown = token_text(root, "unk_token");
}

std::int64_t id_of(const JsonPlace& place, const std::string& key) {
  std::int64_t id = -1;
  const char* end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, id);
  const bool good = error == std::errc() && stop == end && id >= 0 && id < limits::kVocabulary;
  if (!good) place.refuse("the key " + in_quotes(key) + " is no token id");
  return id;
}

void read_added(const JsonPlace& root, TokenizerConfig& config) {
  const auto list = root.find("added_tokens_decoder");
  if (!list) return;
  list->expect_object();
  for (const auto& [key, value] : list->value().items()) {
    const JsonPlace entry(value, list->path() + "." + escaped(key));
    AddedToken token{.text = entry.at("content").string()};
    if (token.text.empty()) entry.refuse("the text of an added token is empty");
    token.id = static_cast<TokenId>(id_of(*list, key));
    token.control = entry.boolean_or("special", false);
    token.normalized = entry.boolean_or("normalized", !token.control);
    token.single_word = entry.boolean_or("single_word", false);
    token.takes_left = entry.boolean_or("lstrip", false);
    token.takes_right = entry.boolean_or("rstrip", false);
    config.added.push_back(std::move(token));
  }
}

/// The older file: {"<|im_start|>": 32001}. Whether one is special it does not say.
void read_old_added(const ModelFolder& folder, TokenizerConfig& config) {
  const Json json = read_json(folder, "added_tokens.json");
  if (json.is_null() || !config.added.empty()) return;
  const JsonPlace root(json, "added_tokens.json");
  root.expect_object();
  for (const auto& [text, value] : json.items()) {
    const JsonPlace place(value, root.path() + ": " + escaped(text));
    const std::int64_t id = place.integer();
    if (id < 0 || id >= limits::kVocabulary || text.empty()) place.refuse("this is no token id");
    config.added.push_back(
        {.text = text, .id = static_cast<TokenId>(id), .control = text.starts_with('<')});
  }
}

}  // namespace

TokenizerConfig read_tokenizer_config(const ModelFolder& folder) {
  TokenizerConfig config;
  const Json main = read_json(folder, "tokenizer_config.json");
  if (!main.is_null()) {
    const JsonPlace root(main, "tokenizer_config.json");
    config.tokenizer_class = root.string_or("tokenizer_class", "");
    read_names(root, config);
    config.add_bos = flag(root, "add_bos_token");
    config.add_eos = flag(root, "add_eos_token");
    config.add_prefix_space = flag(root, "add_prefix_space");
    config.legacy = flag(root, "legacy");
    read_added(root, config);
  }
  const Json names = read_json(folder, "special_tokens_map.json");
  if (!names.is_null()) read_names(JsonPlace(names, "special_tokens_map.json"), config);
  read_old_added(folder, config);
  return config;
}

}  // namespace salient
