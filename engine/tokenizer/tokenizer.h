// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text to token ids and back. Three kinds of vocabulary stand behind it: SentencePiece models and
// pieces (a file or GGUF), byte-level BPE (tokenizer.json, vocab.json + merges.txt, GGUF) and rank
// files. Immutable after loading, so any thread may use it.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace salient {

using TokenId = std::int32_t;

/// Whether control tokens written in the text ("<|im_end|>") become that token, as in a rendered
/// chat template, or stay plain text, as in what a user typed.
enum class ControlTokens { Parse, PlainText };
/// Whether the model's own BOS/EOS are added around the text.
enum class SpecialTokens { Add, Omit };

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Invalid UTF-8 is replaced by U+FFFD. Throws Error(BadInput) above 2^31 - 1 bytes.
  virtual std::vector<TokenId> encode(std::string_view text, SpecialTokens special,
                                      ControlTokens control) const = 0;
  /// Raw bytes of one token as they appear in text ("▁the" -> " the"); may be part of a character.
  virtual std::string token_bytes(TokenId id) const = 0;
  /// Control tokens are left out; invalid UTF-8 becomes U+FFFD.
  virtual std::string decode(std::span<const TokenId> ids) const = 0;
  virtual bool is_control(TokenId id) const = 0;
  virtual std::int64_t vocab_size() const = 0;
  virtual std::optional<TokenId> bos() const = 0;
  virtual std::optional<TokenId> eos() const = 0;
  /// Text of a message with marks inside everything that looks like a control token. Put into a
  /// chat template it comes out as plain text when the rendering is encoded with
  /// ControlTokens::Parse, which drops the marks.
  virtual std::string shield_control_tokens(std::string_view text) const {
    return std::string(text);
  }
  /// SentencePiece puts a space in front of the text; decoding takes it away again.
  virtual bool drops_leading_space() const { return false; }
  /// The id of an exact token text ("<|im_end|>").
  virtual std::optional<TokenId> find(std::string_view token) const = 0;
  /// One sentence each, such as vocabulary holes or a count that differs from the embedding's rows.
  virtual const std::vector<std::string>& warnings() const = 0;
};

/// Throws Error(BadInput) naming the file and key; Error(Unsupported) for an unknown tokenizer
/// model; Error(Cancelled) soon after a request to stop.
std::unique_ptr<Tokenizer> load_tokenizer(const TokenizerSource& source,
                                          const std::stop_token& stop = {});
/// False when the source has no tokenizer files at all (quantizing still works with ids).
bool has_tokenizer(const TokenizerSource& source);

/// Turns a stream of ids into text that never ends inside a character: bytes are held back until
/// their character is complete.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  /// The text that this token completes; may be empty.
  std::string push(TokenId id);
  /// What is still held back, as U+FFFD, at the end of the stream.
  std::string finish();

 private:
  const Tokenizer& tokenizer_;
  std::string held_;
  bool at_start_ = true;
};

}  // namespace salient
