// SPDX-License-Identifier: Apache-2.0
#pragma once

// Template source to tokens, with the whitespace rules that transformers sets: trim_blocks and
// lstrip_blocks on, `-` and `+` at tags, the last newline of the source dropped, {% raw %}. Throws
// Error(BadInput) with line and column.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace salient::jinja {

struct Position {
  int line = 1;
  int column = 1;
};

enum class TokenKind {
  Text,
  BlockBegin,
  BlockEnd,
  OutputBegin,
  OutputEnd,
  Name,
  String,
  Integer,
  Float,
  Operator,
  End
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string text;  ///< of a string literal: its value
  Position position;
};

std::vector<Token> tokenize_template(std::string_view source);

/// Throws Error(BadInput): "chat template line 3, column 7: ...".
[[noreturn]] void fail_at(Position position, const std::string& sentence);

}  // namespace salient::jinja
