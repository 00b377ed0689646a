// SPDX-License-Identifier: Apache-2.0
#pragma once

// The BPE tokenizer: added tokens, normalizer, pre-tokenizer, merges, and what stands around the
// text. Readers of the several file forms fill `BpeParts`; nothing here knows a file.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/bpe.h"
#include "engine/tokenizer/normalizer.h"
#include "engine/tokenizer/pre_tokenizer.h"
#include "engine/tokenizer/token_list.h"
#include "engine/tokenizer/tokenizer.h"

namespace salient {

/// How a vocabulary writes its tokens.
enum class TokenSpelling {
  ByteStandIns,  ///< GPT-2's byte-level alphabet
  Metaspace,     ///< U+2581 for a space, "<0x0A>" for a byte
  Bytes,         ///< the bytes themselves, control tokens as text
};

/// What decides which neighbours are joined first.
enum class MergeOrder {
  Listed,    ///< the place in `merges`
  JoinedId,  ///< the id of the token that they make: any two that make a token may be joined
};

struct BpeParts {
  std::string file;      ///< names the source in warnings
  TokenList tokens{""};  ///< added ones included
  TokenSpelling spelling = TokenSpelling::ByteStandIns;
  std::vector<std::pair<std::string, std::string>> merges;  ///< best first, as spelled
  MergeOrder merge_order = MergeOrder::Listed;
  bool ignore_merges = false;
  bool byte_fallback = false;
  bool fuse_unknown = false;
  std::optional<TokenId> unknown;
  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  std::vector<AddedToken> added;
  std::vector<TokenId> prefix, suffix;  ///< around the text with SpecialTokens::Add
  std::optional<TokenId> bos, eos;
  bool drops_leading_space = false;
  std::int64_t embedding_rows = 0;  ///< 0: unknown
  std::vector<std::string> warnings;
  std::stop_token stop;  ///< asked while the vocabulary is built
};

/// Tokens or merges between two looks at `BpeParts::stop`.
inline constexpr std::size_t kStopEvery = 1024;

/// Throws Error(BadInput) when parts contradict each other, Error(Cancelled) when stopped.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(BpeParts parts);

/// What a token in U+2581 spelling stands for; "<0x0A>" is one byte.
std::string metaspace_bytes(std::string_view text);

}  // namespace salient
