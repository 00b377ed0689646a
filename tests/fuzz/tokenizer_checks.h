// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an accepted tokenizer promises, whatever file it came from.

#include "engine/tokenizer/tokenizer.h"
#include "tests/fuzz/memory_source.h"

namespace salient::fuzz {

inline void check_tokenizer(const Tokenizer& tokenizer) {
  for (const std::string& warning : tokenizer.warnings()) require_one_line(warning);
  for (const char* text : {"The river runs past 9 old mills.", "\n\n  def f(x):\n\treturn x",
                           "\xC3\xA9\xE5\xB7\x9D\xF0\x9F\xA6\x99 caf\xFF", "<s>[INST] a</s>"}) {
    for (const ControlTokens control : {ControlTokens::Parse, ControlTokens::PlainText}) {
      const auto ids = tokenizer.encode(text, SpecialTokens::Add, control);
      for (const TokenId id : ids) require(id >= 0 && id < tokenizer.vocab_size());
      require(!find_invalid_utf8(tokenizer.decode(ids)));
    }
  }
}

}  // namespace salient::fuzz
