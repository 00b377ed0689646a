// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/sentencepiece_tokenizer.h"

#include <algorithm>

#include <sentencepiece_processor.h>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/bpe_tokenizer.h"
#include "engine/tokenizer/sentencepiece_model.h"
#include "engine/tokenizer/vocabulary_tokenizer.h"

namespace salient {
namespace {

/// Where the space in front of the text comes from.
enum class SpacePrefix {
  None,
  First,    ///< only at the start of the input
  EachText  ///< behind every control token too (the older rule)
};

struct SentencePieceParts {
  std::string file;
  SentencePieceModel model;
  std::vector<AddedToken> added;  ///< control tokens of the model among them
  std::vector<TokenId> prefix, suffix;
  std::optional<TokenId> bos, eos;
  SpacePrefix space_prefix = SpacePrefix::EachText;
  std::int64_t embedding_rows = 0;  ///< 0: unknown
};

class SentencePieceTokenizer final : public VocabularyTokenizer {
 public:
  explicit SentencePieceTokenizer(SentencePieceParts parts) : parts_(std::move(parts)) {
    check_sentencepiece_model(parts_.model, parts_.file);
    // Stripping white space comes before the prefix, so there the library has to add it.
    library_adds_prefix_ =
        parts_.space_prefix != SpacePrefix::None && parts_.model.remove_extra_whitespaces;
    parts_.model.add_dummy_prefix = library_adds_prefix_;
    load_library();
    Vocabulary& words = vocabulary();
    words.prefix = parts_.prefix;
    words.suffix = parts_.suffix;
    words.bos = parts_.bos;
    words.eos = parts_.eos;
    words.drops_leading_space = parts_.space_prefix != SpacePrefix::None;
    collect_tokens();
    std::string warning = row_warning(words.bytes.size(), parts_.embedding_rows);
    if (!warning.empty()) words.warnings.push_back(std::move(warning));
  }

  std::optional<TokenId> find(std::string_view token) const override {
    if (const AddedToken* added = vocabulary().added.find(token)) return added->id;
    const auto found = ids_.find(token);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void load_library() {
    const std::string model = serialize_sentencepiece_model(parts_.model);
    const auto status = library_.LoadFromSerializedProto(model);
    if (status.ok()) return;
    throw Error(ErrorKind::BadInput, parts_.file + ": the SentencePiece library refuses it: " +
                                         escaped(status.message()));
  }

  void collect_tokens() {
    Vocabulary& words = vocabulary();
    for (const Piece& piece : parts_.model.pieces) {
      ids_.emplace(piece.text, static_cast<TokenId>(words.bytes.size()));
      words.bytes.push_back(metaspace_bytes(piece.text));
      words.control.push_back(piece.type == PieceType::Control || piece.type == PieceType::Unknown);
    }
    for (const AddedToken& token : parts_.added) {
      const auto index = static_cast<std::size_t>(token.id);
      if (index >= words.bytes.size()) {
        words.bytes.resize(index + 1);
        words.control.resize(index + 1, false);
      }
      words.bytes[index] = token.text;
      words.control[index] = token.control;
      words.added.add(token);
    }
    // The unknown token stands for text that is lost, never for its own name.
    const auto unknown = std::find_if(parts_.model.pieces.begin(), parts_.model.pieces.end(),
                                      [](const Piece& p) { return p.type == PieceType::Unknown; });
    words.control[static_cast<std::size_t>(unknown - parts_.model.pieces.begin())] = true;
  }

  void encode_stretch(std::string_view stretch, ControlTokens /*control*/, bool first,
                      std::vector<TokenId>& ids) const override {
    if (stretch.empty()) return;
    std::string text(stretch);
    const bool spaced = parts_.space_prefix == SpacePrefix::EachText ||
                        (parts_.space_prefix == SpacePrefix::First && first);
    if (spaced && !library_adds_prefix_) text.insert(0, 1, ' ');
    std::vector<int> pieces;
    const auto status = library_.Encode(text, &pieces);
    if (!status.ok()) {
      throw Error(ErrorKind::BadInput,
                  parts_.file + ": the text cannot be encoded: " + escaped(status.message()));
    }
    ids.insert(ids.end(), pieces.begin(), pieces.end());
  }

  SentencePieceParts parts_;
  sentencepiece::SentencePieceProcessor library_;
  bool library_adds_prefix_ = false;
  std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>> ids_;
};

std::optional<TokenId> find_piece(const SentencePieceModel& model, const std::string& text) {
  for (std::size_t i = 0; i < model.pieces.size(); ++i) {
    if (model.pieces[i].text == text) return static_cast<TokenId>(i);
  }
  return std::nullopt;
}

void add_control_pieces(SentencePieceParts& parts) {
  for (std::size_t i = 0; i < parts.model.pieces.size(); ++i) {
    const Piece& piece = parts.model.pieces[i];
    if (piece.type != PieceType::Control) continue;
    parts.added.push_back({.text = piece.text, .id = static_cast<TokenId>(i), .control = true});
  }
}

std::optional<TokenId> configured_id(const SentencePieceParts& parts,
                                     const std::optional<std::string>& text, std::int32_t own) {
  if (text) {
    for (const AddedToken& token : parts.added) {
      if (token.text == *text) return token.id;
    }
    return find_piece(parts.model, *text);
  }
  const bool valid = own >= 0 && static_cast<std::size_t>(own) < parts.model.pieces.size();
  const bool control =
      valid && parts.model.pieces[static_cast<std::size_t>(own)].type == PieceType::Control;
  return control ? std::optional<TokenId>(own) : std::nullopt;
}

Piece gguf_piece(const GgufVocabulary& vocabulary, std::size_t index, std::size_t unknown) {
  Piece piece{.text = vocabulary.tokens[index]};
  if (index < vocabulary.scores.size()) piece.score = vocabulary.scores[index];
  const std::int32_t type =
      index < vocabulary.token_types.size() ? vocabulary.token_types[index] : 1;
  piece.type = type >= 1 && type <= 6 ? static_cast<PieceType>(type) : PieceType::Normal;
  // Padding entries are written as further unknown ones; user tokens are found before the library.
  const bool hidden = piece.type == PieceType::Unknown || piece.type == PieceType::UserDefined;
  if (hidden) piece.type = PieceType::Control;
  if (index == unknown) piece.type = PieceType::Unknown;
  return piece;
}

std::size_t gguf_unknown(const GgufVocabulary& vocabulary) {
  if (vocabulary.unknown) return static_cast<std::size_t>(*vocabulary.unknown);
  const auto& types = vocabulary.token_types;
  const auto found = std::find(types.begin(), types.end(), static_cast<int>(PieceType::Unknown));
  return found == types.end() ? 0 : static_cast<std::size_t>(found - types.begin());
}

}  // namespace

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(std::string_view bytes,
                                                        const TokenizerConfig& config,
                                                        std::int64_t embedding_rows) {
  SentencePieceParts parts;
  parts.embedding_rows = embedding_rows;
  parts.file = "tokenizer.model";
  parts.model = parse_sentencepiece_model(bytes, parts.file);
  add_control_pieces(parts);
  for (const AddedToken& token : config.added) {
    const bool is_piece = static_cast<std::size_t>(token.id) < parts.model.pieces.size();
    if (!is_piece || token.control) parts.added.push_back(token);
  }
  parts.bos = configured_id(parts, config.bos, parts.model.bos_id);
  parts.eos = configured_id(parts, config.eos, parts.model.eos_id);
  if (parts.bos && config.add_bos.value_or(true)) parts.prefix = {*parts.bos};
  if (parts.eos && config.add_eos.value_or(false)) parts.suffix = {*parts.eos};
  if (!config.add_prefix_space.value_or(parts.model.add_dummy_prefix)) {
    parts.space_prefix = SpacePrefix::None;
  } else if (!config.legacy.value_or(true)) {
    parts.space_prefix = SpacePrefix::First;
  }
  return std::make_unique<SentencePieceTokenizer>(std::move(parts));
}

std::unique_ptr<Tokenizer> make_sentencepiece_tokenizer(const GgufVocabulary& vocabulary,
                                                        const std::string& file,
                                                        std::int64_t embedding_rows) {
  SentencePieceParts parts;
  parts.embedding_rows = embedding_rows;
  parts.file = file;
  parts.model.algorithm = SentencePieceAlgorithm::Bpe;
  parts.model.remove_extra_whitespaces = false;
  const std::size_t unknown = gguf_unknown(vocabulary);
  for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    parts.model.pieces.push_back(gguf_piece(vocabulary, i, unknown));
    const Piece& piece = parts.model.pieces.back();
    parts.model.byte_fallback = parts.model.byte_fallback || piece.type == PieceType::Byte;
    if (piece.type != PieceType::Control) continue;
    const bool user = vocabulary.token_types[i] == static_cast<int>(PieceType::UserDefined);
    parts.added.push_back({.text = piece.text, .id = static_cast<TokenId>(i), .control = !user});
  }
  parts.bos = vocabulary.bos;
  parts.eos = vocabulary.eos;
  if (parts.bos && vocabulary.add_bos.value_or(true)) parts.prefix = {*parts.bos};
  if (parts.eos && vocabulary.add_eos.value_or(false)) parts.suffix = {*parts.eos};
  if (!vocabulary.add_space_prefix.value_or(true)) parts.space_prefix = SpacePrefix::None;
  return std::make_unique<SentencePieceTokenizer>(std::move(parts));
}

}  // namespace salient
