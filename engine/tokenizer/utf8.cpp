// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/utf8.h"

#include <algorithm>
#include <array>

namespace salient::utf8 {
namespace {

unsigned char byte_at(std::string_view bytes, std::size_t position) {
  return static_cast<unsigned char>(bytes[position]);
}

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0U) == 0x80U;
}

/// Bytes that a character beginning with `lead` has; 0 for a byte that begins none.
std::size_t expected_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

/// Overlong forms, surrogates and values past U+10FFFF all show in the second byte.
bool second_byte_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second < 0xA0;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second < 0x90;
  return true;
}

struct Sequence {
  std::size_t bytes = 1;  ///< to step over
  bool complete = false;
};

Sequence sequence_at(std::string_view bytes, std::size_t position) {
  const unsigned char lead = byte_at(bytes, position);
  const std::size_t expected = expected_length(lead);
  if (expected == 0) return {};
  std::size_t found = 1;
  while (found < expected && position + found < bytes.size()) {
    const unsigned char next = byte_at(bytes, position + found);
    if (!is_continuation(next) || (found == 1 && !second_byte_fits(lead, next))) break;
    ++found;
  }
  return {found, found == expected};
}

}  // namespace

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  std::size_t position = 0;
  while (position < bytes.size()) {
    const Sequence sequence = sequence_at(bytes, position);
    text += sequence.complete ? bytes.substr(position, sequence.bytes) : kReplacement;
    position += sequence.bytes;
  }
  return text;
}

std::size_t incomplete_tail(std::string_view bytes) {
  const std::size_t reach = std::min<std::size_t>(3, bytes.size());
  for (std::size_t tail = 1; tail <= reach; ++tail) {
    const std::size_t start = bytes.size() - tail;
    if (is_continuation(byte_at(bytes, start))) continue;
    const Sequence sequence = sequence_at(bytes, start);
    return !sequence.complete && sequence.bytes == tail &&
                   expected_length(byte_at(bytes, start)) > tail
               ? tail
               : 0;
  }
  return 0;
}

char32_t next_code_point(std::string_view text, std::size_t& position) {
  const unsigned char lead = byte_at(text, position);
  const std::size_t expected = std::max<std::size_t>(1, expected_length(lead));
  static constexpr std::array<unsigned, 5> kLeadMask = {0, 0x7F, 0x1F, 0x0F, 0x07};
  char32_t code_point = lead & kLeadMask[expected];
  ++position;
  for (std::size_t i = 1; i < expected && position < text.size(); ++i, ++position) {
    code_point = (code_point << 6U) | (byte_at(text, position) & 0x3FU);
  }
  return code_point;
}

void append(std::string& text, char32_t code_point) {
  const auto put = [&](char32_t bits) { text.push_back(static_cast<char>(bits)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6U));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12U));
    put(0x80 | ((code_point >> 6U) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18U));
    put(0x80 | ((code_point >> 12U) & 0x3F));
    put(0x80 | ((code_point >> 6U) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::u32string to_code_points(std::string_view text) {
  std::u32string code_points;
  code_points.reserve(text.size());
  std::size_t position = 0;
  while (position < text.size()) code_points.push_back(next_code_point(text, position));
  return code_points;
}

std::string from_code_points(std::u32string_view code_points) {
  std::string text;
  text.reserve(code_points.size());
  for (const char32_t code_point : code_points) append(text, code_point);
  return text;
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return !is_continuation(static_cast<unsigned char>(byte));
  }));
}

bool is_space(char32_t code_point) {
  return (code_point >= 0x09 && code_point <= 0x0D) || (code_point >= 0x1C && code_point <= 0x20) ||
         code_point == 0x85 || code_point == 0xA0 || code_point == 0x1680 ||
         (code_point >= 0x2000 && code_point <= 0x200A) || code_point == 0x2028 ||
         code_point == 0x2029 || code_point == 0x202F || code_point == 0x205F ||
         code_point == 0x3000;
}

}  // namespace salient::utf8
