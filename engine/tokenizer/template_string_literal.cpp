// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_string_literal.h"

#include <charconv>

#include "engine/tokenizer/utf8.h"

namespace salient::jinja {
namespace {

constexpr std::string_view kPlainEscapes = "\\'\"abfnrtv";
constexpr std::string_view kPlainValues = "\\'\"\a\b\f\n\r\t\v";

std::size_t hexadecimal_digits(char escape) {
  if (escape == 'x') return 2;
  if (escape == 'u') return 4;
  return escape == 'U' ? 8 : 0;
}

std::optional<char32_t> code_point_of(std::string_view digits, int base) {
  std::uint32_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size() || value > 0x10FFFF) {
    return std::nullopt;
  }
  return value >= 0xD800 && value < 0xE000 ? char32_t{0xFFFD} : char32_t{value};
}

std::size_t octal_digits(std::string_view text) {
  std::size_t count = 0;
  while (count < 3 && count < text.size() && text[count] >= '0' && text[count] <= '7') ++count;
  return count;
}

}  // namespace

std::optional<std::string> string_literal_value(std::string_view source) {
  std::string value;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\\' || i + 1 == source.size()) {
      value.push_back(source[i]);
      continue;
    }
    const char escape = source[++i];
    const auto plain = kPlainEscapes.find(escape);
    const std::size_t hexadecimal = hexadecimal_digits(escape);
    const std::size_t octal = octal_digits(source.substr(i));
    if (plain != std::string_view::npos) {
      value.push_back(kPlainValues[plain]);
    } else if (hexadecimal > 0) {
      if (source.size() - i - 1 < hexadecimal) return std::nullopt;
      const auto code_point = code_point_of(source.substr(i + 1, hexadecimal), 16);
      if (!code_point) return std::nullopt;
      utf8::append(value, *code_point);
      i += hexadecimal;
    } else if (octal > 0) {
      utf8::append(value, code_point_of(source.substr(i, octal), 8).value_or(0xFFFD));
      i += octal - 1;
    } else if (escape != '\n') {
      value.push_back('\\');
      value.push_back(escape);
    }
  }
  return value;
}

}  // namespace salient::jinja
