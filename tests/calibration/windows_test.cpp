// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "engine/calibration/calibration.h"
#include "engine/error.h"

using namespace salient;

namespace {

/// One token per byte: the window of a text is a piece of it.
class ByteTokenizer final : public Tokenizer {
 public:
  std::vector<TokenId> encode(std::string_view text, SpecialTokens /*special*/,
                              ControlTokens /*control*/) const override {
    bytes_read += text.size();
    std::vector<TokenId> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string token_bytes(TokenId id) const override { return {static_cast<char>(id)}; }
  std::string decode(std::span<const TokenId> ids) const override {
    std::string text;
    for (const TokenId id : ids) text += token_bytes(id);
    return text;
  }
  bool is_control(TokenId /*id*/) const override { return false; }
  std::int64_t vocab_size() const override { return 256; }
  std::optional<TokenId> bos() const override { return {}; }
  std::optional<TokenId> eos() const override { return {}; }
  std::optional<TokenId> find(std::string_view /*token*/) const override { return {}; }
  const std::vector<std::string>& warnings() const override { return warnings_; }

  mutable std::size_t bytes_read = 0;

 private:
  std::vector<std::string> warnings_;
};

/// Numbered lines: every window of it is found at one place only.
std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(i) + " of a long text\n";
  return text;
}

}  // namespace

TEST_CASE("windows are disjoint pieces of the text in its order, and the seed chooses them") {
  const ByteTokenizer tokenizer;
  const std::string text = numbered_lines(20000);
  const CalibrationWindows chosen =
      make_windows(tokenizer, text, {.samples = 16, .seq_len = 512, .seed = 3});
  REQUIRE(chosen.windows.size() == 16);
  CHECK(chosen.token_count == 16 * 512);
  CHECK(chosen.warning.empty());
  std::size_t next = 0;
  for (const auto& window : chosen.windows) {
    REQUIRE(window.size() == 512);
    // A window may join two pieces; its halves are then found apart.
    const std::string half = tokenizer.decode(std::span(window).last(200));
    const std::size_t place = text.find(half);
    CHECK(place >= next);
    CHECK(place != std::string::npos);
    next = place;
  }
  const auto same = make_windows(tokenizer, text, {.samples = 16, .seq_len = 512, .seed = 3});
  const auto other = make_windows(tokenizer, text, {.samples = 16, .seq_len = 512, .seed = 4});
  CHECK(same.windows == chosen.windows);
  CHECK(other.windows != chosen.windows);
}

TEST_CASE("only as much of a long text is tokenized as the windows need") {
  const ByteTokenizer tokenizer;
  make_windows(tokenizer, numbered_lines(200000), {.samples = 8, .seq_len = 512});
  CHECK(tokenizer.bytes_read < 65536);
}

TEST_CASE("a short text gives fewer windows, the last one shorter, and says so") {
  const ByteTokenizer tokenizer;
  const std::string text(300, 'a');
  const CalibrationWindows chosen = make_windows(tokenizer, text, {.samples = 4, .seq_len = 128});
  REQUIRE(chosen.windows.size() == 3);
  CHECK(chosen.windows[2].size() == 44);
  CHECK(chosen.token_count == 300);
  CHECK(chosen.warning == "the calibration text gives 300 tokens, 512 were asked for");
}

TEST_CASE("a text of too few tokens is refused") {
  const ByteTokenizer tokenizer;
  CHECK_THROWS_WITH_AS(make_windows(tokenizer, "", {}),
                       "the calibration text gives 0 tokens, at least 32 are needed", Error);
  CHECK_THROWS_AS(make_windows(tokenizer, "one token", {.samples = 0}), Error);
  CHECK_NOTHROW(make_windows(tokenizer, std::string(32, 'x'), {}));
}

TEST_CASE("bytes that are not UTF-8 are told with their line") {
  const ByteTokenizer tokenizer;
  const std::string text = std::string(64, 'a') + "\nfine \xE2\x82\xAC\n\xFF\xFE\n";
  const CalibrationWindows chosen = make_windows(tokenizer, text, {.samples = 1, .seq_len = 64});
  CHECK(chosen.warning ==
        "line 3 of the calibration text is not UTF-8; such bytes were read as U+FFFD");
}

TEST_CASE("a text without line ends is cut between characters") {
  const ByteTokenizer tokenizer;
  std::string text;
  while (text.size() < 100000) text += "\xE2\x82\xAC";
  // Pieces are joined again here, so a cut inside a character would shift the three-byte rhythm.
  const CalibrationWindows chosen = make_windows(tokenizer, text, {.samples = 20, .seq_len = 600});
  for (const auto& window : chosen.windows) {
    CHECK(window[0] == 0xE2);
    CHECK(window[599] == 0xAC);
  }
}
