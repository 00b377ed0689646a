// SPDX-License-Identifier: Apache-2.0
#pragma once

// How text is cut before byte-level BPE: GGUF has a name for what tokenizer.json spells out. The
// ones that we can say in both.

#include <array>
#include <string_view>

namespace salient {

struct NamedPreTokenizer {
  std::string_view name;
  bool digits_alone;         ///< every digit is a piece of its own
  std::string_view pattern;  ///< split pattern; empty: ByteLevel's own (GPT-2's)
  bool ignore_merges;
};

inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
inline constexpr std::string_view kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// Of two that mean the same the first is written.
inline constexpr std::array kNamedPreTokenizers = {
    NamedPreTokenizer{"smollm", true, "", false},
    NamedPreTokenizer{"gpt-2", false, "", false},
    NamedPreTokenizer{"default", false, "", false},
    NamedPreTokenizer{"llama-bpe", false, kLlama3Pattern, true},
    NamedPreTokenizer{"qwen2", false, kQwen2Pattern, false},
};

}  // namespace salient
