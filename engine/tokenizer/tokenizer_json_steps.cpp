// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "engine/checkpoint/foreign_text.h"
#include "engine/tokenizer/tokenizer_json.h"

namespace salient {
namespace {

constexpr std::string_view kMetaspace = "\u2581";

/// {"String": "x"}, {"Regex": "x"}, or "x" itself.
SplitPattern read_pattern(const JsonPlace& place) {
  if (place.value().is_string()) return {SplitPattern::quoted(place.string()), place.path()};
  if (const auto regex = place.find("Regex")) return {regex->string(), regex->path()};
  const JsonPlace text = place.at("String");
  if (text.string().empty()) text.refuse("the pattern is empty and would match everywhere");
  return {SplitPattern::quoted(text.string()), text.path()};
}

SplitBehavior read_behavior(const JsonPlace& place, std::string_view otherwise) {
  const std::string name = place.string_or("behavior", otherwise);
  if (name == "Removed") return SplitBehavior::Removed;
  if (name == "Isolated") return SplitBehavior::Isolated;
  if (name == "MergedWithPrevious") return SplitBehavior::MergedWithPrevious;
  if (name == "MergedWithNext") return SplitBehavior::MergedWithNext;
  if (name == "Contiguous") return SplitBehavior::Contiguous;
  place.refuse_unknown("behavior", name);
}

/// The items of a "Sequence" under `key`.
std::vector<JsonPlace> sequence_items(const JsonPlace& place, std::string_view key) {
  const JsonPlace list = place.at(key);
  list.expect_array();
  std::vector<JsonPlace> items;
  for (std::size_t i = 0; i < list.size(); ++i) items.push_back(list.item(i));
  return items;
}

std::string type_of(const JsonPlace& place) {
  return place.at("type").string();
}

void read_replace(const JsonPlace& place, Normalizer& normalizer) {
  SplitPattern pattern = read_pattern(place.at("pattern"));
  normalizer.add(ReplaceStep{std::move(pattern), place.at("content").string()});
}

void read_byte_level(const JsonPlace& place, PreTokenizer& pre_tokenizer) {
  if (place.boolean_or("add_prefix_space", true)) pre_tokenizer.add(PrefixSpaceStep{});
  if (!place.boolean_or("use_regex", true)) return;
  pre_tokenizer.add(PatternStep{SplitPattern(gpt2_pattern(), place.path())});
}

void read_metaspace(const JsonPlace& place, PreTokenizer& pre_tokenizer) {
  MetaspaceStep step;
  step.replacement = place.string_or("replacement", kMetaspace);
  if (step.replacement.empty()) place.refuse("the replacement is empty");
  const bool adds = place.boolean_or("add_prefix_space", true);
  const std::string scheme = place.string_or("prepend_scheme", adds ? "always" : "never");
  if (scheme == "always") {
    step.prepend = PrependScheme::Always;
  } else if (scheme == "first") {
    step.prepend = PrependScheme::First;
  } else if (scheme == "never") {
    step.prepend = PrependScheme::Never;
  } else {
    place.refuse_unknown("prepend_scheme", scheme);
  }
  step.split = place.boolean_or("split", true) ? MetaspaceSplit::AtEach : MetaspaceSplit::No;
  pre_tokenizer.add(std::move(step));
}

void add_pattern(PreTokenizer& pre_tokenizer, const JsonPlace& place, std::string_view pattern,
                 SplitBehavior behavior) {
  pre_tokenizer.add(PatternStep{SplitPattern(pattern, place.path()), behavior});
}

void read_split(const JsonPlace& place, PreTokenizer& pre_tokenizer) {
  SplitPattern pattern = read_pattern(place.at("pattern"));
  const SplitSense sense =
      place.boolean_or("invert", false) ? SplitSense::Gaps : SplitSense::Matches;
  pre_tokenizer.add(PatternStep{std::move(pattern), read_behavior(place, "Isolated"), sense});
}

/// The ids of one entry of a TemplateProcessing list.
void append_template_ids(const JsonPlace& entry, const JsonPlace& processor,
                         std::vector<TokenId>& ids, std::size_t vocabulary) {
  const std::string name = entry.at("SpecialToken").at("id").string();
  const JsonPlace tokens = processor.at("special_tokens").at(name).at("ids");
  tokens.expect_array();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const std::int64_t id = tokens.item(i).integer();
    if (id < 0 || static_cast<std::size_t>(id) >= vocabulary) {
      tokens.refuse("id " + std::to_string(id) + " is not in the vocabulary");
    }
    ids.push_back(static_cast<TokenId>(id));
  }
}

void read_template(const JsonPlace& place, BpeParts& parts) {
  bool behind = false;
  for (const JsonPlace& entry : sequence_items(place, "single")) {
    if (entry.find("Sequence")) {
      behind = true;
    } else {
      append_template_ids(entry, place, behind ? parts.suffix : parts.prefix,
                          parts.tokens.texts().size());
    }
  }
}

/// Roberta and Bert: ["text", id] before and behind.
void read_pair_token(const JsonPlace& place, std::vector<TokenId>& ids, std::size_t vocabulary) {
  place.expect_array();
  if (place.size() != 2) place.refuse("a text and an id are expected");
  const std::int64_t id = place.item(1).integer();
  if (id < 0 || static_cast<std::size_t>(id) >= vocabulary) {
    place.refuse("id " + std::to_string(id) + " is not in the vocabulary");
  }
  ids.push_back(static_cast<TokenId>(id));
}

}  // namespace

void read_normalizer(const JsonPlace& place, Normalizer& normalizer) {
  const std::string type = type_of(place);
  if (type == "Sequence") {
    for (const JsonPlace& item : sequence_items(place, "normalizers")) {
      read_normalizer(item, normalizer);
    }
  } else if (type == "NFC") {
    normalizer.add(UnicodeStep{UnicodeForm::Nfc});
  } else if (type == "NFD") {
    normalizer.add(UnicodeStep{UnicodeForm::Nfd});
  } else if (type == "NFKC") {
    normalizer.add(UnicodeStep{UnicodeForm::Nfkc});
  } else if (type == "NFKD") {
    normalizer.add(UnicodeStep{UnicodeForm::Nfkd});
  } else if (type == "Lowercase") {
    normalizer.add(LowercaseStep{});
  } else if (type == "Prepend") {
    normalizer.add(PrependStep{place.at("prepend").string()});
  } else if (type == "Replace") {
    read_replace(place, normalizer);
  } else if (type == "Strip") {
    normalizer.add(
        StripStep{place.boolean_or("strip_left", true), place.boolean_or("strip_right", true)});
  } else {
    place.refuse_unknown("normalizer", type);
  }
}

bool read_pre_tokenizer(const JsonPlace& place, PreTokenizer& pre_tokenizer) {
  const std::string type = type_of(place);
  if (type == "Sequence") {
    bool byte_level = false;
    for (const JsonPlace& item : sequence_items(place, "pretokenizers")) {
      byte_level = read_pre_tokenizer(item, pre_tokenizer) || byte_level;
    }
    return byte_level;
  }
  if (type == "ByteLevel") {
    read_byte_level(place, pre_tokenizer);
    return true;
  }
  if (type == "Split") {
    read_split(place, pre_tokenizer);
  } else if (type == "Digits") {
    const bool single = place.boolean_or("individual_digits", false);
    add_pattern(pre_tokenizer, place, R"(\p{N})",
                single ? SplitBehavior::Isolated : SplitBehavior::Contiguous);
  } else if (type == "Metaspace") {
    read_metaspace(place, pre_tokenizer);
  } else if (type == "Punctuation") {
    // Unicode punctuation and the ASCII characters that Unicode calls symbols.
    add_pattern(pre_tokenizer, place, R"([\p{P}$+<=>^`|~])", read_behavior(place, "Isolated"));
  } else if (type == "WhitespaceSplit") {
    add_pattern(pre_tokenizer, place, R"(\s)", SplitBehavior::Removed);
  } else if (type == "Whitespace") {
    pre_tokenizer.add(PatternStep{SplitPattern(R"(\w+|[^\w\s]+)", place.path()),
                                  SplitBehavior::Removed, SplitSense::Gaps});
  } else {
    place.refuse_unknown("pre-tokenizer", type);
  }
  return false;
}

void read_post_processor(const JsonPlace& place, BpeParts& parts) {
  const std::string type = type_of(place);
  const std::size_t vocabulary = parts.tokens.texts().size();
  if (type == "Sequence") {
    for (const JsonPlace& item : sequence_items(place, "processors")) {
      read_post_processor(item, parts);
    }
  } else if (type == "TemplateProcessing") {
    read_template(place, parts);
  } else if (type == "RobertaProcessing" || type == "BertProcessing") {
    read_pair_token(place.at("cls"), parts.prefix, vocabulary);
    read_pair_token(place.at("sep"), parts.suffix, vocabulary);
  } else if (type != "ByteLevel") {
    place.refuse_unknown("post-processor", type);
  }
}

void read_decoder(const JsonPlace& place, BpeParts& parts) {
  static constexpr std::array<std::string_view, 4> kPlain = {"ByteLevel", "ByteFallback", "Fuse",
                                                             "Replace"};
  const std::string type = type_of(place);
  if (type == "Sequence") {
    for (const JsonPlace& item : sequence_items(place, "decoders")) read_decoder(item, parts);
  } else if (type == "Strip") {
    const auto start = place.find("start");
    if (start && start->integer() > 0) parts.drops_leading_space = true;
  } else if (type == "Metaspace") {
    const bool adds = place.boolean_or("add_prefix_space", true);
    parts.drops_leading_space =
        place.string_or("prepend_scheme", adds ? "always" : "never") != "never";
  } else if (std::find(kPlain.begin(), kPlain.end(), type) == kPlain.end()) {
    place.refuse_unknown("decoder", type);
  }
}

}  // namespace salient
