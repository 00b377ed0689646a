// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/rank_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

/// What a rank file leaves unsaid, by its number of ranks.
struct RankModel {
  std::size_t ranks;
  std::string_view pre_tokenizer;
  bool composes;  ///< text is brought into NFC
  std::string_view bos, eos;
  std::span<const std::string_view> control;  ///< ids from `ranks` on
  std::string_view numbered;                  ///< the rest: "<|extra_" + 0, 1, … + "|>"
  std::size_t first_number;
  std::size_t numbered_count;
};

// As Llama 3.1 names them; Llama 3.0 has reserved tokens in the place of those it does not use.
constexpr std::array<std::string_view, 11> kLlama3 = {"<|begin_of_text|>",
                                                      "<|end_of_text|>",
                                                      "<|reserved_special_token_0|>",
                                                      "<|reserved_special_token_1|>",
                                                      "<|finetune_right_pad_id|>",
                                                      "<|step_id|>",
                                                      "<|start_header_id|>",
                                                      "<|end_header_id|>",
                                                      "<|eom_id|>",
                                                      "<|eot_id|>",
                                                      "<|python_tag|>"};
constexpr std::array<std::string_view, 3> kQwen = {"<|endoftext|>", "<|im_start|>", "<|im_end|>"};

constexpr std::array<RankModel, 2> kModels = {{
    {128000, "llama-bpe", false, "<|begin_of_text|>", "<|end_of_text|>", kLlama3,
     "<|reserved_special_token_", 2, 245},
    {151643, "qwen2", true, "", "<|endoftext|>", kQwen, "<|extra_", 0, 205},
}};

const RankModel& model_of(std::size_t ranks, const std::string& file) {
  const auto* found = std::ranges::find(kModels, ranks, &RankModel::ranks);
  if (found != kModels.end()) return *found;
  throw Error(ErrorKind::Unsupported,
              file + ": a rank file of " + std::to_string(ranks) +
                  " tokens is not known, these are: 128000 (Llama 3) and 151643 (Qwen); a "
                  "tokenizer.json beside it would say how text is cut");
}

std::optional<unsigned> sextet(char c) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = kAlphabet.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(at));
}

/// By hand: no library of the tree decodes base64, and it is this loop.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes;
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text.substr(0, text.size() - padding)) {
    const auto value = sextet(c);
    if (!value) return std::nullopt;
    held = held << 6U | *value;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(held >> bits & 0xFFU));
  }
  return bytes;
}

struct RankLine {
  std::string bytes;
  std::int64_t rank = 0;
};

std::optional<RankLine> read_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  RankLine result;
  const std::string_view number = line.substr(space + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), result.rank);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  auto bytes = from_base64(line.substr(0, space));
  if (!bytes || bytes->size() > limits::kRankTokenBytes) return std::nullopt;
  result.bytes = *std::move(bytes);
  return result;
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void read_ranks(std::string_view text, const std::string& file, BpeParts& parts) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty()) continue;
    auto token = read_line(line);
    if (!token) {
      throw Error(ErrorKind::BadInput,
                  file + ": line " + std::to_string(number) + " is " + in_quotes(line) +
                      ", a token of at most 256 bytes in base64, a space and its rank are "
                      "expected");
    }
    parts.tokens.add(std::move(token->bytes), token->rank);
  }
}

void check_bytes(const BpeParts& parts) {
  std::array<bool, 256> present{};
  for (const std::string& text : parts.tokens.texts()) {
    if (text.size() == 1) present[static_cast<unsigned char>(text[0])] = true;
  }
  const auto* missing = std::ranges::find(present, false);
  if (missing == present.end()) return;
  throw Error(ErrorKind::BadInput, parts.file + ": the byte " +
                                       std::to_string(missing - present.begin()) +
                                       " has no rank, all 256 are expected");
}

void add_control(std::string text, BpeParts& parts) {
  const std::size_t id = parts.tokens.texts().size();
  parts.tokens.add(text, static_cast<std::int64_t>(id));
  parts.added.push_back({.text = std::move(text), .id = static_cast<TokenId>(id), .control = true});
}

std::optional<TokenId> find_control(const BpeParts& parts, std::string_view text) {
  const auto found = std::ranges::find(parts.added, text, &AddedToken::text);
  return found == parts.added.end() ? std::nullopt : std::optional(found->id);
}

}  // namespace

bool is_rank_file(std::string_view text) {
  // A SentencePiece model begins with a field of its protobuf, which no base64 does.
  return read_line(take_line(text)).has_value();
}

BpeParts read_rank_file(std::string_view text, const std::string& file) {
  BpeParts parts;
  parts.file = file;
  parts.tokens = TokenList(file);
  parts.spelling = TokenSpelling::Bytes;
  parts.merge_order = MergeOrder::JoinedId;
  parts.ignore_merges = true;
  read_ranks(text, file, parts);
  check_bytes(parts);
  const RankModel& model = model_of(parts.tokens.texts().size(), file);
  for (const std::string_view control : model.control) add_control(std::string(control), parts);
  for (std::size_t i = 0; i < model.numbered_count; ++i) {
    add_control(std::string(model.numbered) + std::to_string(model.first_number + i) + "|>", parts);
  }
  if (model.composes) parts.normalizer.add(UnicodeStep{UnicodeForm::Nfc});
  parts.pre_tokenizer = named_pre_tokenizer(model.pre_tokenizer);
  parts.bos = find_control(parts, model.bos);
  parts.eos = find_control(parts, model.eos);
  if (parts.bos) parts.prefix = {*parts.bos};
  return parts;
}

}  // namespace salient
