// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <numeric>

#include "engine/calibration/calibration.h"
#include "engine/error.h"
#include "engine/stop.h"

namespace salient {
namespace {

/// Bytes tokenized at a time: about eight windows of 512 tokens, so that a choice of pieces spreads
/// over a long text.
constexpr std::size_t kPieceBytes = 16384;
/// A text is tokenized until it gave this many times the tokens asked; windows are chosen from
/// those.
constexpr std::int64_t kSpareFactor = 2;

/// A number that depends on (seed, index) alone: the order in which pieces and windows are drawn.
std::uint64_t draw(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed * 0x9E3779B97F4A7C15U + index + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// 0 … count-1 in drawn order.
std::vector<std::size_t> drawn_order(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::uint64_t> keys(count);
  for (std::size_t i = 0; i < count; ++i) keys[i] = draw(seed, i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  return order;
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// The end of the piece that starts at `begin`: behind the last line end within kPieceBytes, else
/// before a character.
std::size_t piece_end(std::string_view text, std::size_t begin) {
  if (text.size() - begin <= kPieceBytes) return text.size();
  const std::size_t line = text.rfind('\n', begin + kPieceBytes - 1);
  if (line != std::string_view::npos && line > begin) return line + 1;
  std::size_t end = begin + kPieceBytes;
  // A character has at most three continuation bytes; a longer run is no UTF-8 and is cut anywhere.
  for (int i = 0; i < 3 && continues_character(text[end]); ++i) --end;
  return end;
}

std::vector<std::string_view> pieces_of(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = piece_end(text, begin);
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

/// The tokens of enough drawn pieces, in the order of the text.
std::vector<TokenId> tokens_of(const Tokenizer& tokenizer, std::string_view text,
                               std::int64_t wanted, std::uint64_t seed,
                               const std::stop_token& stop) {
  const std::vector<std::string_view> pieces = pieces_of(text);
  std::vector<std::vector<TokenId>> ids(pieces.size());
  std::int64_t count = 0;
  for (const std::size_t piece : drawn_order(pieces.size(), seed)) {
    throw_if_stopped(stop);
    ids[piece] = tokenizer.encode(pieces[piece], SpecialTokens::Omit, ControlTokens::PlainText);
    count += static_cast<std::int64_t>(ids[piece].size());
    if (count >= kSpareFactor * wanted) break;
  }
  std::vector<TokenId> all;
  all.reserve(static_cast<std::size_t>(count));
  for (const auto& part : ids) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Bytes of the UTF-8 character that starts `text`, or 0 when there is none.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80U) return 1;
  const std::size_t length = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || text.size() < length) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0U && second < 0xA0U) || (lead == 0xF0U && second < 0x90U);
  const bool surrogate = lead == 0xEDU && second >= 0xA0U;
  if (overlong || surrogate || (lead == 0xF4U && second >= 0x90U)) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues_character(text[i])) return 0;
  }
  return length;
}

/// The first line that is not UTF-8, or nothing.
std::string invalid_line(std::string_view text) {
  std::int64_t line = 1;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      return "line " + std::to_string(line) +
             " of the calibration text is not UTF-8; such bytes were read as U+FFFD";
    }
    if (text[0] == '\n') ++line;
    text.remove_prefix(length);
  }
  return {};
}

void add_sentence(std::string& text, const std::string& sentence) {
  if (!text.empty() && !sentence.empty()) text += "; ";
  text += sentence;
}

}  // namespace

CalibrationWindows make_windows(const Tokenizer& tokenizer, std::string_view text,
                                const CalibrationOptions& options, const std::stop_token& stop) {
  if (options.samples < 1 || options.seq_len < 1) {
    throw Error(ErrorKind::BadInput,
                "calibration needs at least one window of one token, asked "
                "were " +
                    std::to_string(options.samples) + " of " + std::to_string(options.seq_len));
  }
  std::int64_t wanted = 0;
  if (__builtin_mul_overflow(options.samples, options.seq_len, &wanted) || wanted > std::int64_t{1}
                                                                                        << 40) {
    throw Error(ErrorKind::BadInput, std::to_string(options.samples) + " windows of " +
                                         std::to_string(options.seq_len) +
                                         " tokens are too many to hold");
  }
  const std::vector<TokenId> ids = tokens_of(tokenizer, text, wanted, options.seed, stop);
  const auto count = static_cast<std::int64_t>(ids.size());
  if (count < kMinCalibrationTokens) {
    throw Error(ErrorKind::BadInput, "the calibration text gives " + std::to_string(count) +
                                         " tokens, at least " +
                                         std::to_string(kMinCalibrationTokens) + " are needed");
  }

  CalibrationWindows result;
  const auto length = static_cast<std::size_t>(options.seq_len);
  const std::size_t full = ids.size() / length;
  std::vector<std::size_t> chosen = drawn_order(full, options.seed + 1);
  chosen.resize(std::min(chosen.size(), static_cast<std::size_t>(options.samples)));
  std::sort(chosen.begin(), chosen.end());
  // Too short a text: what is left over counts too.
  const bool short_of_windows = static_cast<std::int64_t>(chosen.size()) < options.samples;
  if (short_of_windows && ids.size() % length != 0) chosen.push_back(full);
  for (const std::size_t window : chosen) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(window * length);
    const std::size_t left = std::min(length, ids.size() - window * length);
    result.windows.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(left));
    result.token_count += static_cast<std::int64_t>(left);
  }
  if (short_of_windows && result.token_count < wanted) {
    result.warning = "the calibration text gives " + std::to_string(result.token_count) +
                     " tokens, " + std::to_string(wanted) + " were asked for";
  }
  add_sentence(result.warning, invalid_line(text));
  return result;
}

}  // namespace salient
