// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/bpe_tokenizer.h"

#include <algorithm>
#include <limits>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/tokenizer/byte_alphabet.h"
#include "engine/tokenizer/utf8.h"

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

class BpeTokenizer final : public Tokenizer {
 public:
  explicit BpeTokenizer(BpeParts parts) : parts_(std::move(parts)) {
    for (const AddedToken& token : parts_.added) added_.add(token);
    control_.assign(parts_.tokens.texts().size(), false);
    for (const AddedToken& token : added_.all()) {
      if (token.control) control_.at(static_cast<std::size_t>(token.id)) = true;
    }
    build_vocabulary();
    build_merges();
    for (std::string warning :
         {parts_.tokens.hole_warning(), row_warning(bytes_.size(), parts_.embedding_rows)}) {
      if (!warning.empty()) parts_.warnings.push_back(std::move(warning));
    }
  }

  std::vector<TokenId> encode(std::string_view text, SpecialTokens special,
                              ControlTokens control) const override {
    if (text.size() > std::numeric_limits<std::int32_t>::max()) {
      throw Error(ErrorKind::BadInput, "the text is too long: " + std::to_string(text.size()) +
                                           " bytes, at most 2147483647 can be tokenized at once");
    }
    std::vector<TokenId> ids;
    ids.reserve(text.size() / 3 + 8);
    if (special == SpecialTokens::Add) ids = parts_.prefix;
    encode_text(utf8::to_valid_utf8(text), control, ids);
    if (special == SpecialTokens::Add) {
      ids.insert(ids.end(), parts_.suffix.begin(), parts_.suffix.end());
    }
    return ids;
  }

  std::string token_bytes(TokenId id) const override {
    const auto index = static_cast<std::size_t>(id);
    return id >= 0 && index < bytes_.size() ? bytes_[index] : std::string();
  }

  std::string decode(std::span<const TokenId> ids) const override {
    std::string bytes;
    for (const TokenId id : ids) {
      if (!is_control(id)) bytes += token_bytes(id);
    }
    const bool drops = parts_.drops_leading_space && bytes.starts_with(' ');
    return utf8::to_valid_utf8(std::string_view(bytes).substr(drops ? 1 : 0));
  }

  bool is_control(TokenId id) const override {
    return id >= 0 && static_cast<std::size_t>(id) < control_.size() &&
           control_[static_cast<std::size_t>(id)];
  }

  std::int64_t vocab_size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::optional<TokenId> bos() const override { return parts_.bos; }
  std::optional<TokenId> eos() const override { return parts_.eos; }
  const std::vector<std::string>& warnings() const override { return parts_.warnings; }
  bool drops_leading_space() const override { return parts_.drops_leading_space; }

  std::string shield_control_tokens(std::string_view text) const override {
    return added_.shield(utf8::to_valid_utf8(text));
  }

  std::optional<TokenId> find(std::string_view token) const override {
    if (const AddedToken* added = added_.find(token)) return added->id;
    return bpe_.find(spell(utf8::to_valid_utf8(token)).key);
  }

 private:
  bool is_byte_level() const { return parts_.spelling == TokenSpelling::ByteStandIns; }

  Spelled spell(const std::string& text) const {
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
    bytes_.resize(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto id = static_cast<TokenId>(i);
      const AddedToken* added = added_.find(texts[i]);
      if (added != nullptr && added->id == id) {
        bytes_[i] = texts[i];
        if (added->control) continue;
      }
      if (!parts_.tokens.has(id)) continue;
      Spelled spelled = spell(texts[i]);
      if (added == nullptr) {
        bytes_[i] = std::move(spelled.bytes);
        foreign += spelled.foreign ? 1U : 0U;
      }
      bpe_.add_token(std::move(spelled.key), id);
    }
    if (foreign > 0) {
      parts_.warnings.push_back(parts_.file + ": " + std::to_string(foreign) +
                                " tokens hold characters outside the byte-level alphabet; they are "
                                "shown as U+FFFD");
    }
  }

  void build_merges() {
    std::size_t unknown = 0;
    for (const auto& [left, right] : parts_.merges) {
      if (!bpe_.add_merge(spell(left).key, spell(right).key)) ++unknown;
    }
    parts_.merges = {};
    if (unknown > 0) {
      parts_.warnings.push_back(parts_.file + ": " + std::to_string(unknown) +
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

  void encode_text(std::string_view text, ControlTokens control, std::vector<TokenId>& ids) const {
    bool first = true;
    for (const TextSegment& segment : added_.split(text, AddedTokens::Stage::Raw, control)) {
      if (segment.id) {
        ids.push_back(*segment.id);
      } else if (control == ControlTokens::Parse) {
        encode_segment(without_shields(segment.text), control, first, ids);
      } else {
        encode_segment(segment.text, control, first, ids);
      }
      first = false;
    }
  }

  void encode_segment(std::string_view text, ControlTokens control, bool first,
                      std::vector<TokenId>& ids) const {
    std::string normalized;
    if (!parts_.normalizer.empty()) {
      normalized = parts_.normalizer.apply(text);
      text = normalized;
    }
    for (const TextSegment& segment : added_.split(text, AddedTokens::Stage::Normalized, control)) {
      if (segment.id) {
        ids.push_back(*segment.id);
      } else {
        const Pieces pieces = parts_.pre_tokenizer.split(segment.text, first);
        for (const std::string_view piece : pieces.views) bpe_.encode(piece, ids);
      }
      first = false;
    }
  }

  BpeParts parts_;
  AddedTokens added_;
  Bpe bpe_;
  std::vector<std::string> bytes_;
  std::vector<bool> control_;
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
