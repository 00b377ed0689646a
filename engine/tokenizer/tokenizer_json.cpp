// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer_json.h"

#include "engine/checkpoint/foreign_text.h"
#include "engine/stop.h"

namespace salient {
namespace {

void read_vocabulary(const JsonPlace& model, BpeParts& parts) {
  const JsonPlace vocabulary = model.at("vocab");
  vocabulary.expect_object();
  throw_if_stopped(parts.stop);
  for (const auto& [text, id] : vocabulary.value().items()) {
    if (!id.is_number_integer()) {
      vocabulary.refuse("the id of " + in_quotes(text) + " is " + id.type_name() +
                        ", a whole number is expected");
    }
    parts.tokens.add(text, id.get<std::int64_t>());
  }
}

/// "left right" or ["left", "right"].
void read_merges(const JsonPlace& model, BpeParts& parts) {
  const auto merges = model.find("merges");
  if (!merges) return;
  merges->expect_array();
  parts.merges.reserve(merges->size());
  for (std::size_t i = 0; i < merges->size(); ++i) {
    if (i % kStopEvery == 0) throw_if_stopped(parts.stop);
    const JsonPlace merge = merges->item(i);
    if (merge.value().is_array() && merge.size() == 2) {
      parts.merges.emplace_back(merge.item(0).string(), merge.item(1).string());
      continue;
    }
    const std::string& text = merge.string();
    const auto space = text.find(' ', 1);
    if (space == std::string::npos || space + 1 == text.size()) {
      merge.refuse("is " + in_quotes(text) + ", two tokens with a space between are expected");
    }
    parts.merges.emplace_back(text.substr(0, space), text.substr(space + 1));
  }
}

void read_added_tokens(const JsonPlace& root, BpeParts& parts) {
  const auto list = root.find("added_tokens");
  if (!list) return;
  list->expect_array();
  for (std::size_t i = 0; i < list->size(); ++i) {
    const JsonPlace entry = list->item(i);
    AddedToken token{.text = entry.at("content").string()};
    if (token.text.empty()) entry.refuse("the text of an added token is empty");
    const std::int64_t id = entry.at("id").integer();
    token.control = entry.boolean_or("special", false);
    token.normalized = entry.boolean_or("normalized", !token.control);
    token.single_word = entry.boolean_or("single_word", false);
    token.takes_left = entry.boolean_or("lstrip", false);
    token.takes_right = entry.boolean_or("rstrip", false);
    parts.tokens.add_known(token.text, id);
    token.id = static_cast<TokenId>(id);
    parts.added.push_back(std::move(token));
  }
}

void read_unknown(const JsonPlace& model, BpeParts& parts) {
  const auto text = model.find("unk_token");
  if (!text) return;
  const auto& texts = parts.tokens.texts();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == text->string()) parts.unknown = static_cast<TokenId>(i);
  }
  if (!parts.unknown) {
    text->refuse("the token " + in_quotes(text->string()) + " is not in the vocabulary");
  }
}

void refuse_affixes(const JsonPlace& model) {
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto affix = model.find(key);
    if (affix && !affix->string().empty()) model.refuse_unknown(key, affix->string());
  }
  const auto dropout = model.find("dropout");
  if (dropout && !(dropout->value().is_number() && dropout->value().get<double>() == 0.0)) {
    dropout->refuse("dropout is for training, null is expected");
  }
}

}  // namespace

BpeParts read_tokenizer_json(const JsonPlace& root, const std::stop_token& stop) {
  BpeParts parts;
  parts.stop = stop;
  parts.file = root.path();
  parts.tokens = TokenList(root.path());
  const JsonPlace model = root.at("model");
  // Very old files have no type; those are BPE when they have merges.
  const std::string type = model.string_or("type", model.find("merges") ? "BPE" : "");
  if (type != "BPE") model.refuse_unknown("model type", type);
  refuse_affixes(model);
  read_vocabulary(model, parts);
  read_merges(model, parts);
  parts.ignore_merges = model.boolean_or("ignore_merges", false);
  parts.byte_fallback = model.boolean_or("byte_fallback", false);
  parts.fuse_unknown = model.boolean_or("fuse_unk", false);
  read_added_tokens(root, parts);
  read_unknown(model, parts);
  parts.spelling = TokenSpelling::Metaspace;
  if (const auto place = root.find("normalizer")) read_normalizer(*place, parts.normalizer);
  if (const auto place = root.find("pre_tokenizer")) {
    if (read_pre_tokenizer(*place, parts.pre_tokenizer)) {
      parts.spelling = TokenSpelling::ByteStandIns;
    }
  }
  if (const auto place = root.find("post_processor")) read_post_processor(*place, parts);
  if (const auto place = root.find("decoder")) read_decoder(*place, parts);
  return parts;
}

}  // namespace salient
