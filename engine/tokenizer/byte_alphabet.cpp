// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/byte_alphabet.h"

#include <array>

#include "engine/tokenizer/utf8.h"

namespace salient {
namespace {

constexpr char32_t kFirstUnprintable = 0x100;
constexpr std::size_t kCharacters = 0x100 + 68;  ///< 68 bytes have no printable Latin-1 character
constexpr int kNoByte = -1;

constexpr bool is_printable(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

constexpr std::array<char32_t, 256> character_table() {
  std::array<char32_t, 256> table{};
  char32_t next = kFirstUnprintable;
  for (unsigned byte = 0; byte < 256; ++byte) table[byte] = is_printable(byte) ? byte : next++;
  return table;
}

constexpr std::array<char32_t, 256> kCharacterOf = character_table();

constexpr std::array<int, kCharacters> byte_table() {
  std::array<int, kCharacters> table{};
  for (int& byte : table) byte = kNoByte;
  for (unsigned byte = 0; byte < 256; ++byte) table[kCharacterOf[byte]] = static_cast<int>(byte);
  return table;
}

constexpr std::array<int, kCharacters> kByteOf = byte_table();

}  // namespace

std::optional<std::string> stand_ins_to_bytes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = utf8::next_code_point(text, at);
    if (character >= kCharacters || kByteOf[character] == kNoByte) return std::nullopt;
    bytes.push_back(static_cast<char>(kByteOf[character]));
  }
  return bytes;
}

std::string bytes_to_stand_ins(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) utf8::append(text, kCharacterOf[static_cast<unsigned char>(byte)]);
  return text;
}

}  // namespace salient
