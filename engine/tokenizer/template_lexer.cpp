// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/error.h"
#include "engine/tokenizer/template_string_literal.h"

namespace salient::jinja {
namespace {

constexpr std::string_view kSpaces = " \t\n\r\v\f";
constexpr std::array<std::string_view, 6> kLongOperators = {"==", "!=", "<=", ">=", "//", "**"};
constexpr std::string_view kShortOperators = "+-*/%~<>=()[]{}.,:|";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name_part(char c) {
  return is_name_start(c) || is_digit(c);
}
bool is_space(char c) {
  return kSpaces.find(c) != std::string_view::npos;
}

/// "\r\n" and "\r" become "\n", and one newline at the very end goes, as Jinja does.
std::string normalize_newlines(std::string_view source) {
  std::string text;
  text.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      text.push_back(source[i]);
      continue;
    }
    text.push_back('\n');
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) lex_text();
    add(TokenKind::End, "");
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }

  bool looking_at(std::string_view text) const { return source_.substr(at_).starts_with(text); }

  Position position() {
    const std::string_view passed = source_.substr(counted_to_, at_ - counted_to_);
    const auto newline = passed.rfind('\n');
    if (newline == std::string_view::npos) {
      counted_.column += static_cast<int>(passed.size());
    } else {
      counted_.line += static_cast<int>(std::count(passed.begin(), passed.end(), '\n'));
      counted_.column = static_cast<int>(passed.size() - newline);
    }
    counted_to_ = at_;
    return counted_;
  }

  void add(TokenKind kind, std::string text) {
    tokens_.push_back({kind, std::move(text), position()});
  }

  std::size_t next_tag() const {
    for (std::size_t i = source_.find('{', at_); i != std::string_view::npos;
         i = source_.find('{', i + 1)) {
      const char next = i + 1 < source_.size() ? source_[i + 1] : '\0';
      if (next == '%' || next == '{' || next == '#') return i;
    }
    return source_.size();
  }

  /// Text up to the next tag, then that tag.
  void lex_text() {
    const std::size_t tag = next_tag();
    std::string_view text = source_.substr(at_, tag - at_);
    if (tag < source_.size()) text = strip_before_tag(text, tag);
    if (!text.empty()) add(TokenKind::Text, std::string(text));
    at_ = tag;
    if (at_ < source_.size()) lex_tag();
  }

  std::string_view strip_before_tag(std::string_view text, std::size_t tag) const {
    const char sign = tag + 2 < source_.size() ? source_[tag + 2] : '\0';
    if (sign == '-') {
      const auto last = text.find_last_not_of(kSpaces);
      return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    if (sign == '+' || source_[tag + 1] == '{') return text;
    const auto newline = text.rfind('\n');
    const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    if (newline == std::string_view::npos && !line_starting_) return text;
    return text.find_first_not_of(kSpaces, line) == std::string_view::npos ? text.substr(0, line)
                                                                           : text;
  }

  void lex_tag() {
    const Position start = position();
    const char kind = source_[at_ + 1];
    at_ += 2;
    if (peek() == '-' || peek() == '+') ++at_;
    if (kind == '#') return lex_comment(start);
    if (kind == '%' && lex_raw(start)) return;
    tokens_.push_back({kind == '%' ? TokenKind::BlockBegin : TokenKind::OutputBegin, "", start});
    lex_expression(kind == '%' ? '%' : '}', start);
  }

  void lex_comment(Position start) {
    const auto end = source_.find("#}", at_);
    if (end == std::string_view::npos) fail_at(start, "the comment has no end, '#}' is missing");
    const char sign = end > at_ ? source_[end - 1] : '\0';
    at_ = end;
    finish_tag(sign, true);
  }

  /// Moves behind a two-character tag end; `sign` stands before it. Newlines after a block go.
  void finish_tag(char sign, bool block) {
    at_ += 2;
    const std::size_t end = at_;
    if (sign == '-') {
      while (at_ < source_.size() && is_space(source_[at_])) ++at_;
    } else if (block && sign != '+' && peek() == '\n') {
      ++at_;
    }
    line_starting_ = at_ > end && source_[at_ - 1] == '\n';
  }

  /// If the block just begun is {% raw %}, takes everything to {% endraw %} as text.
  bool lex_raw(Position start) {
    const std::size_t body = tag_with_name(at_, "raw");
    if (body == std::string_view::npos) return false;
    for (std::size_t tag = source_.find("{%", body); tag != std::string_view::npos;
         tag = source_.find("{%", tag + 2)) {
      std::size_t inside = tag + 2;
      if (inside < source_.size() && (source_[inside] == '-' || source_[inside] == '+')) ++inside;
      const std::size_t after = tag_with_name(inside, "endraw");
      if (after == std::string_view::npos) continue;
      at_ = body;
      finish_tag(source_[body - 1], false);
      const std::size_t from = std::min(at_, tag);
      const std::string_view text = strip_before_tag(source_.substr(from, tag - from), tag);
      at_ = from;
      if (!text.empty()) add(TokenKind::Text, std::string(text));
      at_ = after;
      finish_tag(source_[after - 1], true);
      return true;
    }
    fail_at(start, "the raw block has no end, '{% endraw %}' is missing");
  }

  /// Where "%}" stands if exactly `name` lies between `from` and it; npos otherwise.
  std::size_t tag_with_name(std::size_t from, std::string_view name) const {
    std::size_t i = source_.find_first_not_of(kSpaces, from);
    if (i == std::string_view::npos || !source_.substr(i).starts_with(name)) {
      return std::string_view::npos;
    }
    i = source_.find_first_not_of(kSpaces, i + name.size());
    if (i == std::string_view::npos) return i;
    if (source_[i] == '-' || source_[i] == '+') ++i;
    return source_.substr(i).starts_with("%}") ? i : std::string_view::npos;
  }

  /// Tokens up to "%}" or "}}"; brackets inside keep "}}" from ending the tag.
  void lex_expression(char closer, Position start) {
    std::vector<char> brackets;
    while (true) {
      while (is_space(peek())) ++at_;
      if (at_ >= source_.size()) fail_at(start, "the tag has no end");
      if (brackets.empty() && lex_tag_end(closer)) return;
      lex_token(brackets);
    }
  }

  bool lex_tag_end(char closer) {
    const bool signed_end = peek() == '-' || (peek() == '+' && closer == '%');
    const std::size_t skip = signed_end ? 1 : 0;
    if (peek(skip) != closer || peek(skip + 1) != '}') return false;
    const char sign = signed_end ? peek() : '\0';
    add(closer == '%' ? TokenKind::BlockEnd : TokenKind::OutputEnd, "");
    at_ += skip;
    finish_tag(sign, closer == '%');
    return true;
  }

  void lex_token(std::vector<char>& brackets) {
    const char c = peek();
    if (is_name_start(c)) return lex_name();
    if (is_digit(c)) return lex_number();
    if (c == '"' || c == '\'') return lex_string();
    for (const std::string_view candidate : kLongOperators) {
      if (looking_at(candidate)) return take(TokenKind::Operator, candidate.size());
    }
    if (kShortOperators.find(c) == std::string_view::npos || c == '\0') {
      fail_at(position(), "unexpected character");
    }
    balance(c, brackets);
    take(TokenKind::Operator, 1);
  }

  void balance(char c, std::vector<char>& brackets) {
    static constexpr std::string_view kOpen = "([{";
    static constexpr std::string_view kClose = ")]}";
    if (kOpen.find(c) != std::string_view::npos) brackets.push_back(c);
    const auto kind = kClose.find(c);
    if (kind == std::string_view::npos) return;
    if (brackets.empty() || brackets.back() != kOpen[kind]) {
      fail_at(position(), std::string("unexpected '") + c + "'");
    }
    brackets.pop_back();
  }

  void take(TokenKind kind, std::size_t length) {
    add(kind, std::string(source_.substr(at_, length)));
    at_ += length;
  }

  void lex_name() {
    std::size_t length = 1;
    while (is_name_part(peek(length))) ++length;
    take(TokenKind::Name, length);
  }

  void lex_number() {
    std::size_t length = 1;
    while (is_digit(peek(length)) || (peek(length) == '_' && is_digit(peek(length + 1)))) ++length;
    bool is_float = false;
    if (peek(length) == '.' && is_digit(peek(length + 1))) {
      is_float = true;
      ++length;
      while (is_digit(peek(length))) ++length;
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
      const std::size_t sign = peek(length + 1) == '-' || peek(length + 1) == '+' ? 1 : 0;
      if (is_digit(peek(length + 1 + sign))) {
        is_float = true;
        length += 1 + sign;
        while (is_digit(peek(length))) ++length;
      }
    }
    take(is_float ? TokenKind::Float : TokenKind::Integer, length);
    std::string& digits = tokens_.back().text;
    digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  }

  void lex_string() {
    const Position start = position();
    const char quote = peek();
    std::size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2U : 1U;
    if (end >= source_.size()) fail_at(start, "the string has no end");
    const auto value = string_literal_value(source_.substr(at_ + 1, end - at_ - 1));
    if (!value) fail_at(start, "the string holds a broken \\x, \\u or \\U");
    tokens_.push_back({TokenKind::String, *value, start});
    at_ = end + 1;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  bool line_starting_ = true;
  std::size_t counted_to_ = 0;
  Position counted_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize_template(std::string_view source) {
  const std::string text = normalize_newlines(source);
  return Lexer(text).run();
}

void fail_at(Position position, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, "chat template line " + std::to_string(position.line) +
                                       ", column " + std::to_string(position.column) + ": " +
                                       sentence);
}

}  // namespace salient::jinja
