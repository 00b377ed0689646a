// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the targets of the tokenizer room share. A target turns bytes into a try and states what
// must hold; `fuzz_seeds` gives it inputs that reach deep, which text_seed_driver.cpp runs in the
// tests.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/foreign_text.h"
#include "engine/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

std::vector<std::string> fuzz_seeds();

namespace salient::fuzz {

inline void demand(bool condition) {
  if (!condition) std::abort();
}

/// An error is one line of valid text.
inline void demand_sentence(std::string_view sentence) {
  demand(!sentence.empty() && sentence.find('\n') == std::string_view::npos);
  demand(!find_invalid_utf8(sentence));
}

/// The two halves of an input, divided by its first zero byte.
struct Halves {
  std::string_view first, second;
};

inline Halves halves(const std::uint8_t* data, std::size_t size) {
  const void* address = data;
  const std::string_view all(static_cast<const char*>(address), size);
  const auto zero = all.find('\0');
  if (zero == std::string_view::npos) return {all, "Hello wörld 12 <s>"};
  return {all.substr(0, zero), all.substr(zero + 1)};
}

/// What holds for every tokenizer and every text.
inline void exercise(const Tokenizer& tokenizer, std::string_view text) {
  for (const auto control : {ControlTokens::Parse, ControlTokens::PlainText}) {
    const auto ids = tokenizer.encode(text, SpecialTokens::Add, control);
    StreamDecoder decoder(tokenizer);
    std::string streamed;
    for (const TokenId id : ids) {
      demand(id >= 0 && id < tokenizer.vocab_size());
      streamed += decoder.push(id);
    }
    streamed += decoder.finish();
    const std::string decoded = tokenizer.decode(ids);
    demand(!find_invalid_utf8(decoded) && !find_invalid_utf8(streamed));
    demand(decoded == streamed);
  }
  demand(!find_invalid_utf8(tokenizer.shield_control_tokens(text)));
  for (const std::string& warning : tokenizer.warnings()) demand_sentence(warning);
}

}  // namespace salient::fuzz
