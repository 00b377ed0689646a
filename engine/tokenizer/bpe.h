// SPDX-License-Identifier: Apache-2.0
#pragma once

// Byte pair encoding of one piece of text: the neighbours whose merge has the best rank are joined
// until none is left. Vocabulary keys are the bytes that a token stands for, so byte-level models
// and models over characters differ only in how a piece is first cut. Immutable after `add_merge`
// calls; any thread may encode.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/tokenizer/text_hash.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

enum class BpeUnit { Byte, Character };

class Bpe {
 public:
  Bpe() : Bpe(BpeUnit::Byte) {}
  explicit Bpe(BpeUnit unit) : unit_(unit) {}

  /// A later token of the same text is not reachable by encoding; returns whether the text was new.
  bool add_token(std::string text, TokenId id);
  /// The merge of the next rank. Returns false, and changes nothing, when a token is missing.
  bool add_merge(std::string_view left, std::string_view right);
  /// Every cut of every token into two tokens becomes a merge, ranked by the id of the whole.
  void add_merges_by_id();
  /// Builds the table that `encode` reads; call once, after the last merge.
  void finish();

  /// A piece that is a token itself is not cut (Llama 3).
  void set_ignore_merges(bool ignore) { ignore_merges_ = ignore; }
  /// Tokens of single bytes for characters that the vocabulary lacks; 256 of them.
  void set_byte_fallback(std::vector<TokenId> bytes) { byte_fallback_ = std::move(bytes); }
  void set_unknown(std::optional<TokenId> id, bool fuse) {
    unknown_ = id;
    fuse_unknown_ = fuse;
  }

  std::optional<TokenId> find(std::string_view text) const;
  /// Appends the ids of one piece. Characters that nothing stands for are left out, or unknown.
  void encode(std::string_view piece, std::vector<TokenId>& ids) const;

 private:
  static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
  struct Merge {
    std::uint64_t pair = kEmpty;  ///< left id in the high half
    std::int32_t rank = 0;
    TokenId result = 0;
  };

  const Merge* find_merge(TokenId left, TokenId right) const;
  void first_cut(std::string_view piece, std::vector<TokenId>& ids) const;
  void append_unit(std::string_view unit, std::vector<TokenId>& ids) const;
  void merge_short(std::vector<TokenId>& ids) const;
  void merge_long(std::vector<TokenId>& ids) const;

  BpeUnit unit_;
  bool ignore_merges_ = false;
  bool fuse_unknown_ = false;
  std::optional<TokenId> unknown_;
  std::vector<TokenId> byte_fallback_;
  std::vector<TokenId> byte_tokens_;  ///< of single bytes; -1: none
  std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>> tokens_;
  std::vector<Merge> merges_;  ///< in rank order
  std::vector<Merge> table_;   ///< open addressing, a power of two, at most half full
};

}  // namespace salient
