// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/sentencepiece_model.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_set>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"
#include "engine/tokenizer/precompiled_charsmap.h"
#include "engine/tokenizer/protobuf_fields.h"

namespace salient {
namespace {

/// Field numbers of sentencepiece_model.proto.
namespace field {
constexpr std::uint32_t kPieces = 1, kTrainer = 2, kNormalizer = 3;
constexpr std::uint32_t kPieceText = 1, kPieceScore = 2, kPieceType = 3;
constexpr std::uint32_t kModelType = 3, kSuffix = 24, kWhitespaceOnly = 26, kByteFallback = 35;
constexpr std::uint32_t kUnknownId = 40, kBosId = 41, kEosId = 42;
constexpr std::uint32_t kName = 1, kCharsmap = 2, kDummyPrefix = 3, kExtraWhitespaces = 4,
                        kEscape = 5;
}  // namespace field

/// Honest scores are log probabilities or minus the rank; larger ones only serve to overflow sums.
constexpr float kMaxScore = 1e10F;

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

std::string piece_name(std::size_t index) {
  return "piece " + std::to_string(index);
}

class ModelParser {
 public:
  explicit ModelParser(const std::string& file) : file_(file) {}

  SentencePieceModel run(std::string_view bytes) {
    ProtobufReader reader(bytes, 0, file_);
    ProtobufField message;
    while (reader.next(message)) {
      if (message.number == field::kPieces) parse_piece(bytes_of(message));
      if (message.number == field::kTrainer) parse_trainer(bytes_of(message));
      if (message.number == field::kNormalizer) parse_normalizer(bytes_of(message));
    }
    return std::move(model_);
  }

 private:
  [[noreturn]] void refuse_type(const ProtobufField& found) const {
    refuse(file_, "offset " + std::to_string(found.offset) + ": field " +
                      std::to_string(found.number) + " has the wrong wire type");
  }
  const ProtobufField& bytes_of(const ProtobufField& found) const {
    if (found.type != WireType::Bytes) refuse_type(found);
    return found;
  }
  std::uint64_t number_of(const ProtobufField& found) const {
    if (found.type != WireType::Varint) refuse_type(found);
    return found.varint;
  }
  bool flag_of(const ProtobufField& found) const { return number_of(found) != 0; }
  /// int32 in protobuf: negative numbers come as 64 bits.
  std::int32_t id_of(const ProtobufField& found) const {
    const auto id = static_cast<std::int64_t>(number_of(found));
    if (id < -1 || id >= limits::kVocabulary) {
      refuse(file_, "offset " + std::to_string(found.offset) + ": id " + std::to_string(id) +
                        " is out of range");
    }
    return static_cast<std::int32_t>(id);
  }
  int enum_of(const ProtobufField& found, std::uint64_t last) const {
    const std::uint64_t value = number_of(found);
    if (value < 1 || value > last) {
      refuse(file_, "offset " + std::to_string(found.offset) + ": type " + std::to_string(value) +
                        ", 1 to " + std::to_string(last) + " are known");
    }
    return static_cast<int>(value);
  }

  void parse_piece(const ProtobufField& message) {
    if (model_.pieces.size() >= static_cast<std::size_t>(limits::kVocabulary)) {
      refuse(file_, "more than " + std::to_string(limits::kVocabulary) + " pieces");
    }
    Piece piece;
    ProtobufReader reader(message.bytes, message.bytes_offset, file_);
    ProtobufField part;
    while (reader.next(part)) {
      if (part.number == field::kPieceText) piece.text = bytes_of(part).bytes;
      if (part.number == field::kPieceType) piece.type = static_cast<PieceType>(enum_of(part, 6));
      if (part.number != field::kPieceScore) continue;
      if (part.type != WireType::Fixed32) refuse_type(part);
      piece.score = std::bit_cast<float>(part.fixed32);
    }
    model_.pieces.push_back(std::move(piece));
  }

  void parse_trainer(const ProtobufField& message) {
    ProtobufReader reader(message.bytes, message.bytes_offset, file_);
    ProtobufField part;
    while (reader.next(part)) {
      switch (part.number) {
        case field::kModelType:
          model_.algorithm = static_cast<SentencePieceAlgorithm>(enum_of(part, 4));
          break;
        case field::kSuffix:
          model_.whitespace_as_suffix = flag_of(part);
          break;
        case field::kWhitespaceOnly:
          model_.whitespace_only_pieces = flag_of(part);
          break;
        case field::kByteFallback:
          model_.byte_fallback = flag_of(part);
          break;
        case field::kUnknownId:
          model_.unknown_id = id_of(part);
          break;
        case field::kBosId:
          model_.bos_id = id_of(part);
          break;
        case field::kEosId:
          model_.eos_id = id_of(part);
          break;
        default:
          break;
      }
    }
  }

  void parse_normalizer(const ProtobufField& message) {
    ProtobufReader reader(message.bytes, message.bytes_offset, file_);
    ProtobufField part;
    while (reader.next(part)) {
      switch (part.number) {
        case field::kCharsmap:
          model_.precompiled_charsmap = bytes_of(part).bytes;
          break;
        case field::kDummyPrefix:
          model_.add_dummy_prefix = flag_of(part);
          break;
        case field::kExtraWhitespaces:
          model_.remove_extra_whitespaces = flag_of(part);
          break;
        case field::kEscape:
          model_.escape_whitespaces = flag_of(part);
          break;
        default:
          break;
      }
    }
  }

  const std::string& file_;
  SentencePieceModel model_;
};

void check_piece(const Piece& piece, std::size_t index, const std::string& file) {
  const auto fail = [&](const std::string& sentence) {
    refuse(file, piece_name(index) + " " + sentence);
  };
  if (piece.text.empty()) fail("is empty");
  if (piece.text.size() > limits::kTokenBytes) fail("has more than 65536 bytes");
  if (find_invalid_utf8(piece.text)) fail("is not UTF-8");
  if (piece.text.find('\0') != std::string::npos) fail("holds a zero byte");
  if (!std::isfinite(piece.score) || std::abs(piece.score) > kMaxScore) {
    fail(in_quotes(piece.text) + " has the score " + std::to_string(piece.score) +
         ", between -1e10 and 1e10 is allowed");
  }
}

bool is_byte_name(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  return text.size() == 6 && text.starts_with("<0x") && text[5] == '>' && is_digit(text[3]) &&
         is_digit(text[4]);
}

}  // namespace

SentencePieceModel parse_sentencepiece_model(std::string_view bytes, const std::string& file) {
  SentencePieceModel model = ModelParser(file).run(bytes);
  check_sentencepiece_model(model, file);
  return model;
}

void check_sentencepiece_model(const SentencePieceModel& model, const std::string& file) {
  if (model.pieces.empty()) refuse(file, "this is no SentencePiece model: it has no pieces");
  std::unordered_set<std::string_view> seen;
  std::size_t unknown = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    const Piece& piece = model.pieces[i];
    check_piece(piece, i, file);
    if (!seen.insert(piece.text).second) {
      refuse(file, piece_name(i) + " " + in_quotes(piece.text) + " comes twice");
    }
    if (piece.type == PieceType::Byte && !is_byte_name(piece.text)) {
      refuse(file, piece_name(i) + " " + in_quotes(piece.text) +
                       " is a byte piece, <0x00> to <0xFF> are known");
    }
    unknown += piece.type == PieceType::Unknown ? 1U : 0U;
    bytes += piece.type == PieceType::Byte ? 1U : 0U;
  }
  if (unknown != 1) {
    refuse(file, std::to_string(unknown) + " pieces are the unknown one, exactly one is expected");
  }
  if (model.byte_fallback && bytes != 256) {
    refuse(file,
           "byte_fallback is on with " + std::to_string(bytes) + " byte pieces, 256 are needed");
  }
  if (!model.byte_fallback && bytes != 0) {
    refuse(file, std::to_string(bytes) + " byte pieces, and byte_fallback is off");
  }
  const std::string fault = charsmap_fault(model.precompiled_charsmap);
  if (!fault.empty()) refuse(file, "precompiled_charsmap: " + fault);
}

std::string serialize_sentencepiece_model(const SentencePieceModel& model) {
  ProtobufWriter out;
  for (const Piece& piece : model.pieces) {
    ProtobufWriter one;
    one.put_bytes(field::kPieceText, piece.text);
    one.put_float(field::kPieceScore, piece.score);
    one.put_varint(field::kPieceType, static_cast<std::uint64_t>(piece.type));
    out.put_bytes(field::kPieces, one.take());
  }
  ProtobufWriter trainer;
  trainer.put_varint(field::kModelType, static_cast<std::uint64_t>(model.algorithm));
  trainer.put_varint(field::kSuffix, model.whitespace_as_suffix ? 1 : 0);
  trainer.put_varint(field::kWhitespaceOnly, model.whitespace_only_pieces ? 1 : 0);
  trainer.put_varint(field::kByteFallback, model.byte_fallback ? 1 : 0);
  out.put_bytes(field::kTrainer, trainer.take());
  ProtobufWriter normalizer;
  normalizer.put_bytes(field::kName, "identity");
  normalizer.put_bytes(field::kCharsmap, model.precompiled_charsmap);
  normalizer.put_varint(field::kDummyPrefix, model.add_dummy_prefix ? 1 : 0);
  normalizer.put_varint(field::kExtraWhitespaces, model.remove_extra_whitespaces ? 1 : 0);
  normalizer.put_varint(field::kEscape, model.escape_whitespaces ? 1 : 0);
  out.put_bytes(field::kNormalizer, normalizer.take());
  return out.take();
}

}  // namespace salient
