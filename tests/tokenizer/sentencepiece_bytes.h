// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes of SentencePiece model files, written by hand, so that a test can break any of them.

#include <bit>
#include <cstdint>
#include <string>

namespace salient::tests::sentencepiece {

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7U) bytes.push_back(static_cast<char>(0x80U | (value & 0x7FU)));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

inline std::string field(std::uint32_t number, const std::string& bytes) {
  return varint(number << 3U | 2U) + varint(bytes.size()) + bytes;
}

inline std::string number(std::uint32_t field_number, std::uint64_t value) {
  return varint(std::uint64_t{field_number} << 3U) + varint(value);
}

inline std::string piece(const std::string& text, float score, int type) {
  std::string bits;
  const auto raw = std::bit_cast<std::uint32_t>(score);
  for (unsigned shift = 0; shift < 32; shift += 8) bits.push_back(static_cast<char>(raw >> shift));
  return field(1, field(1, text) + varint(2U << 3U | 5U) + bits +
                      number(3, static_cast<std::uint64_t>(type)));
}

inline std::string byte_pieces(int count) {
  const char* digits = "0123456789ABCDEF";
  std::string bytes;
  for (int byte = 0; byte < count; ++byte) {
    bytes += piece({'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'}, 0.0F, 6);
  }
  return bytes;
}

inline const std::string kHead = piece("<unk>", 0, 2) + piece("<s>", 0, 3) + piece("</s>", 0, 3);
inline const std::string kWords =
    piece("\u2581", -1, 1) + piece("a", -2, 1) + piece("\u2581a", -3, 1);
/// BPE with byte fallback; no white space removed.
inline const std::string kTrainer = field(2, number(3, 2) + number(35, 1));
inline const std::string kNormalizer = field(3, number(4, 0));

inline std::string good_model() {
  return kHead + byte_pieces(256) + kWords + kTrainer + kNormalizer;
}

}  // namespace salient::tests::sentencepiece
