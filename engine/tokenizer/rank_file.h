// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rank files ("tiktoken"): a line per token, its bytes in base64 and its rank, which is its id.
// Neighbours whose joined bytes have the lowest rank are merged first; there is no list of merges.
// The file says nothing about control tokens and about how text is cut: both follow from its number
// of ranks (Llama 3 in `tokenizer.model`, Qwen in `qwen.tiktoken`).

#include <string>
#include <string_view>

#include "engine/tokenizer/bpe_tokenizer.h"

namespace salient {

/// Whether `text` begins as a rank file does; SentencePiece models of the same name do not.
bool is_rank_file(std::string_view text);

/// Throws Error(BadInput) with the line that is wrong, and Error(Unsupported) for a number of ranks
/// that belongs to no known model.
BpeParts read_rank_file(std::string_view text, const std::string& file);

}  // namespace salient
