// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/vocabulary_tokenizer.h"

#include <limits>

#include "engine/error.h"
#include "engine/tokenizer/utf8.h"

namespace salient {

std::vector<TokenId> VocabularyTokenizer::encode(std::string_view text, SpecialTokens special,
                                                 ControlTokens control) const {
  if (text.size() > std::numeric_limits<std::int32_t>::max()) {
    throw Error(ErrorKind::BadInput, "the text is too long: " + std::to_string(text.size()) +
                                         " bytes, at most 2147483647 can be tokenized at once");
  }
  const bool add_ends = special == SpecialTokens::Add;
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 3 + 8);
  if (add_ends) ids = vocabulary_.prefix;
  const std::string valid = utf8::to_valid_utf8(text);
  bool first = true;
  for (const TextSegment& segment :
       vocabulary_.added.split(valid, AddedTokens::Stage::Raw, control)) {
    if (segment.id) {
      ids.push_back(*segment.id);
    } else if (control == ControlTokens::Parse) {
      encode_stretch(without_shields(segment.text), control, first, ids);
    } else {
      encode_stretch(segment.text, control, first, ids);
    }
    first = false;
  }
  if (add_ends) ids.insert(ids.end(), vocabulary_.suffix.begin(), vocabulary_.suffix.end());
  return ids;
}

std::string VocabularyTokenizer::token_bytes(TokenId id) const {
  const auto index = static_cast<std::size_t>(id);
  return id >= 0 && index < vocabulary_.bytes.size() ? vocabulary_.bytes[index] : std::string();
}

std::string VocabularyTokenizer::decode(std::span<const TokenId> ids) const {
  std::string bytes;
  for (const TokenId id : ids) {
    if (!is_control(id)) bytes += token_bytes(id);
  }
  const bool drops = vocabulary_.drops_leading_space && bytes.starts_with(' ');
  return utf8::to_valid_utf8(std::string_view(bytes).substr(drops ? 1 : 0));
}

bool VocabularyTokenizer::is_control(TokenId id) const {
  const auto index = static_cast<std::size_t>(id);
  return id >= 0 && index < vocabulary_.control.size() && vocabulary_.control[index];
}

std::int64_t VocabularyTokenizer::vocab_size() const {
  return static_cast<std::int64_t>(vocabulary_.bytes.size());
}

std::string VocabularyTokenizer::shield_control_tokens(std::string_view text) const {
  return vocabulary_.added.shield(utf8::to_valid_utf8(text));
}

}  // namespace salient
