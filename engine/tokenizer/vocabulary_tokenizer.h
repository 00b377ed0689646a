// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every tokenizer with added tokens does the same way: look for them first, put BOS and EOS
// around the text, turn ids back into bytes. How the text between them is cut is left to the kind.

#include <optional>
#include <string>
#include <vector>

#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

struct Vocabulary {
  AddedTokens added;
  std::vector<std::string> bytes;       ///< per id, what it stands for in text
  std::vector<bool> control;            ///< per id
  std::vector<TokenId> prefix, suffix;  ///< around the text with SpecialTokens::Add
  std::optional<TokenId> bos, eos;
  bool drops_leading_space = false;
  std::vector<std::string> warnings;
};

class VocabularyTokenizer : public Tokenizer {
 public:
  std::vector<TokenId> encode(std::string_view text, SpecialTokens special,
                              ControlTokens control) const final;
  std::string token_bytes(TokenId id) const final;
  std::string decode(std::span<const TokenId> ids) const final;
  bool is_control(TokenId id) const final;
  std::int64_t vocab_size() const final;
  std::optional<TokenId> bos() const final { return vocabulary_.bos; }
  std::optional<TokenId> eos() const final { return vocabulary_.eos; }
  std::string shield_control_tokens(std::string_view text) const final;
  bool drops_leading_space() const final { return vocabulary_.drops_leading_space; }
  const std::vector<std::string>& warnings() const final { return vocabulary_.warnings; }

 protected:
  /// Appends the ids of a stretch of valid UTF-8 without raw added tokens; `first` at the start of
  /// the input.
  virtual void encode_stretch(std::string_view text, ControlTokens control, bool first,
                              std::vector<TokenId>& ids) const = 0;

  Vocabulary& vocabulary() { return vocabulary_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
};

}  // namespace salient
