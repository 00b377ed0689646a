// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/bpe_tokenizer.h"

#include <algorithm>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/stop.h"
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/utf8.h"
#include "engine/tokenizer/vocabulary_tokenizer.h"

namespace salient {
namespace {

constexpr std::string_view kMetaspace = "\u2581";

std::string byte_token(unsigned byte) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4U], kDigits[byte & 15U], '>'};
}

/// The key under which merges and pieces find a token, and the bytes it decodes to.
struct Spelled {
  std::string key;
  std::string bytes;
  bool foreign = false;  ///< written with characters outside the byte-level alphabet
};

class BpeTokenizer final : public VocabularyTokenizer {
 public:
  explicit BpeTokenizer(BpeParts parts) : parts_(std::move(parts)) {
    Vocabulary& words = vocabulary();
    words.prefix = parts_.prefix;
    words.suffix = parts_.suffix;
    words.bos = parts_.bos;
    words.eos = parts_.eos;
    words.drops_leading_space = parts_.drops_leading_space;
    words.warnings = parts_.warnings;
    for (const AddedToken& token : parts_.added) words.added.add(token);
    words.control.assign(parts_.tokens.texts().size(), false);
    for (const AddedToken& token : words.added.all()) {
      if (token.control) words.control.at(static_cast<std::size_t>(token.id)) = true;
    }
    build_vocabulary();
    build_merges();
    for (std::string warning :
         {parts_.tokens.hole_warning(), row_warning(words.bytes.size(), parts_.embedding_rows)}) {
      if (!warning.empty()) words.warnings.push_back(std::move(warning));
    }
  }

  std::optional<TokenId> find(std::string_view token) const override {
    if (const AddedToken* added = vocabulary().added.find(token)) return added->id;
    return bpe_.find(spell(utf8::to_valid_utf8(token)).key);
  }

 private:
  /// Over bytes, not over characters.
  bool is_byte_level() const { return parts_.spelling != TokenSpelling::Metaspace; }

  Spelled spell(const std::string& text) const {
    if (parts_.spelling == TokenSpelling::Bytes) return {text, text};
    if (!is_byte_level()) return {text, metaspace_bytes(text)};
    // Text outside the alphabet can't be reached by encoding and has no bytes of its own.
    const auto bytes = stand_ins_to_bytes(text);
    if (bytes) return {*bytes, *bytes};
    return {"\xFF\xFF" + text, std::string(utf8::kReplacement), true};
  }

  void build_vocabulary() {
    bpe_ = Bpe(is_byte_level() ? BpeUnit::Byte : BpeUnit::Character);
    std::size_t foreign = 0;
    const auto& texts = parts_.tokens.texts();
    vocabulary().bytes.resize(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i % kStopEvery == 0) throw_if_stopped(parts_.stop);
      const auto id = static_cast<TokenId>(i);
      const AddedToken* added = vocabulary().added.find(texts[i]);
      if (added != nullptr && added->id == id) {
        vocabulary().bytes[i] = texts[i];
        if (added->control) continue;
      }
      if (!parts_.tokens.has(id)) continue;
      Spelled spelled = spell(texts[i]);
      if (added == nullptr) {
        vocabulary().bytes[i] = std::move(spelled.bytes);
        foreign += spelled.foreign ? 1U : 0U;
      }
      bpe_.add_token(std::move(spelled.key), id);
    }
    if (foreign > 0) {
      vocabulary().warnings.push_back(
          parts_.file + ": " + std::to_string(foreign) +
          " tokens hold characters outside the byte-level alphabet; they are "
          "shown as U+FFFD");
    }
  }

  void build_merges() {
    std::size_t unknown = 0;
    std::size_t read = 0;
    for (const auto& [left, right] : parts_.merges) {
      if (++read % kStopEvery == 0) throw_if_stopped(parts_.stop);
      if (!bpe_.add_merge(spell(left).key, spell(right).key)) ++unknown;
    }
    parts_.merges = {};
    if (parts_.merge_order == MergeOrder::JoinedId) bpe_.add_merges_by_id();
    if (unknown > 0) {
      vocabulary().warnings.push_back(parts_.file + ": " + std::to_string(unknown) +
                                      " merges name tokens that the vocabulary does not have");
    }
    bpe_.set_ignore_merges(parts_.ignore_merges);
    bpe_.set_unknown(parts_.unknown, parts_.fuse_unknown);
    if (parts_.byte_fallback) bpe_.set_byte_fallback(byte_tokens());
    bpe_.finish();
  }

  std::vector<TokenId> byte_tokens() const {
    std::vector<TokenId> ids;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const auto id = bpe_.find(byte_token(byte));
      if (!id) {
        throw Error(ErrorKind::BadInput, parts_.file + ": byte_fallback is on and the token " +
                                             byte_token(byte) + " is missing");
      }
      ids.push_back(*id);
    }
    return ids;
  }

  void encode_stretch(std::string_view text, ControlTokens control, bool first,
                      std::vector<TokenId>& ids) const override {
    std::string normalized;
    if (!parts_.normalizer.empty()) {
      normalized = parts_.normalizer.apply(text);
      text = normalized;
    }
    MatchScratch scratch;
    for (const TextSegment& segment :
         vocabulary().added.split(text, AddedTokens::Stage::Normalized, control)) {
      if (segment.id) {
        ids.push_back(*segment.id);
      } else {
        const Pieces pieces = parts_.pre_tokenizer.split(segment.text, first, scratch);
        for (const std::string_view piece : pieces.views) bpe_.encode(piece, ids);
      }
      first = false;
    }
  }

  BpeParts parts_;
  Bpe bpe_;
};

}  // namespace

std::string metaspace_bytes(std::string_view text) {
  if (text.size() == 6 && text.starts_with("<0x") && text.back() == '>') {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    const auto high = kDigits.find(text[3]);
    const auto low = kDigits.find(text[4]);
    if (high != std::string_view::npos && low != std::string_view::npos) {
      return {static_cast<char>(high << 4U | low)};
    }
  }
  std::string bytes;
  std::size_t done = 0;
  for (auto at = text.find(kMetaspace); at != std::string_view::npos;
       at = text.find(kMetaspace, done)) {
    bytes += text.substr(done, at - done);
    bytes += ' ';
    done = at + kMetaspace.size();
  }
  return bytes += text.substr(done);
}

std::unique_ptr<Tokenizer> make_bpe_tokenizer(BpeParts parts) {
  return std::make_unique<BpeTokenizer>(std::move(parts));
}

}  // namespace salient
