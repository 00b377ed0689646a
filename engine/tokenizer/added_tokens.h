// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tokens that are found in the text before anything else is done with it ("<|im_end|>"), and the
// way to keep a user's own words from being taken for them. Immutable after the last `add`.

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/tokenizer/text_hash.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

struct AddedToken {
  std::string text;
  TokenId id = 0;
  bool control = false;      ///< "special": no text of its own, left out when decoding
  bool normalized = false;   ///< looked for in the normalized text
  bool single_word = false;  ///< not inside a word
  bool takes_left = false;   ///< swallows the white space before it
  bool takes_right = false;  ///< swallows the white space behind it
};

/// A stretch of text, or a token that was found between two.
struct TextSegment {
  std::string_view text;
  std::optional<TokenId> id;
};

class AddedTokens {
 public:
  /// A token of a text that is known already replaces it.
  void add(AddedToken token);

  enum class Stage { Raw, Normalized };
  /// Leftmost and longest matches of the tokens of that stage; control tokens only with `Parse`.
  /// Segments without an id are never empty.
  std::vector<TextSegment> split(std::string_view text, Stage stage, ControlTokens control) const;

  /// The text with U+FDD0, a character that no text holds, inside every control token.
  std::string shield(std::string_view text) const;

  const std::vector<AddedToken>& all() const { return tokens_; }
  const AddedToken* find(std::string_view text) const;

 private:
  template <typename Counts>
  const AddedToken* longest_at(std::string_view text, std::size_t at, const Counts& counts) const;

  void mark_beginning(std::string_view text);

  std::vector<AddedToken> tokens_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> index_;
  /// Lengths of the tokens that begin with a byte, longest first.
  std::array<std::vector<std::size_t>, 256> lengths_;
  /// The two bytes that some token begins with: runs of spaces are tokens in places, and looking
  /// every single space up in `index_` costs more than the merges.
  std::bitset<65536> beginnings_;
};

/// Without the marks that `shield` left.
std::string without_shields(std::string_view text);

}  // namespace salient
