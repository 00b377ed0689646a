// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/foreign_text.h"

#include <array>
#include <cstdint>

namespace salient {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;  ///< 0: not well-formed
};

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

Character decode(std::string_view text, std::size_t at) {
  const std::uint8_t lead = byte_at(text, at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < length) return {};
  std::uint32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint8_t next = byte_at(text, at + i);
    if ((next & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (next & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[length] || code > 0x10FFFF || surrogate) return {};
  return {code, length};
}

bool is_plain(std::uint32_t code) {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0xAD) return false;
  if (code >= 0x200B && code <= 0x200F) return false;  // zero width, direction marks
  if (code >= 0x2028 && code <= 0x202E) return false;  // line separators, overrides
  if (code >= 0x2060 && code <= 0x206F) return false;  // invisible operators, isolates
  if (code == 0x061C || code == 0xFEFF) return false;
  if (code >= 0xFFF0 && code <= 0xFFFB) return false;
  return code < 0xE0000;  // tags and private planes
}

std::string hexadecimal(std::uint32_t value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string digits;
  for (; value != 0 || digits.size() < 2; value /= 16) digits.insert(0, 1, kDigits[value % 16]);
  return digits;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (byte_at(text, at) < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = decode(text, at).length;
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::string escaped(std::string_view text, std::size_t max_characters) {
  std::string result;
  std::size_t at = 0;
  for (std::size_t count = 0; at < text.size(); ++count) {
    if (count == max_characters) return result + "…";
    const Character character = decode(text, at);
    if (character.length == 0) {
      result += "\\x" + hexadecimal(byte_at(text, at));
      ++at;
      continue;
    }
    if (character.code == '"' || character.code == '\\') result += '\\';
    if (is_plain(character.code)) {
      result += text.substr(at, character.length);
    } else if (character.code < 0x80) {
      result += "\\x" + hexadecimal(character.code);
    } else {
      result += "\\u{" + hexadecimal(character.code) + "}";
    }
    at += character.length;
  }
  return result;
}

std::string in_quotes(std::string_view text) {
  return "\"" + escaped(text) + "\"";
}

}  // namespace salient
