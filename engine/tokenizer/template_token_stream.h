// SPDX-License-Identifier: Apache-2.0
#pragma once

// The parser's view of the tokens: look, take, expect. Ends with an End token that is never passed.

#include <string>
#include <string_view>
#include <vector>

#include "engine/tokenizer/template_budget.h"
#include "engine/tokenizer/template_lexer.h"

namespace salient::jinja {

class TokenStream {
 public:
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  Token take() {
    const Token& token = peek();
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }
  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool at_operator(std::string_view text) const {
    return at(TokenKind::Operator) && peek().text == text;
  }
  bool at_name(std::string_view text) const { return at(TokenKind::Name) && peek().text == text; }
  bool skip_operator(std::string_view text) { return at_operator(text) && (take(), true); }
  bool skip_name(std::string_view text) { return at_name(text) && (take(), true); }

  void expect_operator(std::string_view text) {
    if (!skip_operator(text)) fail_expected("'" + std::string(text) + "'");
  }
  std::string expect_name() {
    if (!at(TokenKind::Name)) fail_expected("a name");
    return take().text;
  }
  void expect(TokenKind kind, const std::string& what) {
    if (!at(kind)) fail_expected(what);
    take();
  }
  [[noreturn]] void fail_expected(const std::string& what) const {
    fail_at(peek().position, "expected " + what + ", found " + describe(peek()));
  }

  static std::string describe(const Token& token) {
    switch (token.kind) {
      case TokenKind::End:
        return "the end of the template";
      case TokenKind::BlockEnd:
        return "'%}'";
      case TokenKind::OutputEnd:
        return "'}}'";
      case TokenKind::BlockBegin:
        return "'{%'";
      case TokenKind::OutputBegin:
        return "'{{'";
      case TokenKind::Text:
      case TokenKind::String:
        return "a string";
      default:
        return "'" + token.text + "'";
    }
  }

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

/// Counts how deep the parser is while it lives; refuses what would exhaust the stack.
class NestingGuard {
 public:
  NestingGuard(int& depth, Position position) : depth_(depth) {
    if (++depth_ > kMaxDepth) {
      --depth_;
      fail_at(position, "nested deeper than 64");
    }
  }
  ~NestingGuard() { --depth_; }
  NestingGuard(const NestingGuard&) = delete;
  NestingGuard& operator=(const NestingGuard&) = delete;

 private:
  int& depth_;
};

}  // namespace salient::jinja
