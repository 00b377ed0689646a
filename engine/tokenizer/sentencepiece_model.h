// SPDX-License-Identifier: Apache-2.0
#pragma once

// A SentencePiece model file as plain data. The library that encodes with it (0.1.97 in Debian)
// crashes on crafted files, so it never sees one: the file is read here, every field checked, and a
// fresh model written from what was understood. Fields that do not touch encoding are dropped.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

enum class PieceType {
  Normal = 1,
  Unknown = 2,
  Control = 3,
  UserDefined = 4,
  Unused = 5,
  Byte = 6
};
enum class SentencePieceAlgorithm { Unigram = 1, Bpe = 2, Word = 3, Character = 4 };

struct Piece {
  std::string text;
  float score = 0.0F;
  PieceType type = PieceType::Normal;
};

struct SentencePieceModel {
  std::vector<Piece> pieces;  ///< index = id
  SentencePieceAlgorithm algorithm = SentencePieceAlgorithm::Unigram;
  bool byte_fallback = false;
  bool whitespace_as_suffix = false;
  bool whitespace_only_pieces = false;
  std::int32_t unknown_id = 0;
  std::int32_t bos_id = 1;  ///< -1: none
  std::int32_t eos_id = 2;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  std::string precompiled_charsmap;  ///< a trie that normalizes; empty: identity
};

/// Throws Error(BadInput) with the offset in `file` or the index of the piece.
SentencePieceModel parse_sentencepiece_model(std::string_view bytes, const std::string& file);

/// The rules that any model keeps, whatever it was read from: pieces non-empty, valid, different;
/// one unknown; 256 byte pieces with fallback; finite scores. Throws Error(BadInput).
void check_sentencepiece_model(const SentencePieceModel& model, const std::string& file);

/// The bytes of a model file that holds exactly this.
std::string serialize_sentencepiece_model(const SentencePieceModel& model);

}  // namespace salient
