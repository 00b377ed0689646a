// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/shared_data.h"
#include "tests/time_limits.h"
#include "tests/tokenizer/sentencepiece_bytes.h"
#include "tests/tokenizer/test_vectors.h"

namespace {

using salient::ControlTokens;
using salient::SpecialTokens;
using namespace salient::tests::sentencepiece;

std::unique_ptr<salient::Tokenizer> load(const std::string& bytes, std::int64_t rows = 0) {
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.model", std::ios::binary) << bytes;
  salient::TokenizerSource source{.folder = folder.path(), .gguf = {}, .chat_template = {}};
  source.vocab_rows = rows;
  return salient::load_tokenizer(source);
}

void check_refused(const std::string& bytes, const std::string& part) {
  const double start = salient::tests::processor_seconds();
  std::string sentence;
  try {
    load(bytes);
  } catch (const salient::Error& error) {
    CHECK(error.kind() == salient::ErrorKind::BadInput);
    sentence = error.what();
  }
  CHECK(salient::tests::processor_seconds() - start < 1.0 * salient::tests::kSanitizerSlowdown);
  CAPTURE(sentence);
  CAPTURE(part);
  CHECK(sentence.find("tokenizer.model") != std::string::npos);
  CHECK(sentence.find(part) != std::string::npos);
}

/// A trie of 256 units, the first two given, and two texts of two bytes.
std::string model_with_charsmap(std::uint32_t root, std::uint32_t trie_bytes = 1024,
                                std::uint32_t second = 0) {
  const auto u32 = [](std::uint32_t value) {
    std::string bytes;
    for (unsigned shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<char>(value >> shift));
    return bytes;
  };
  std::string charsmap = u32(trie_bytes) + u32(root) + u32(second) + std::string(1016, '\0') +
                         std::string("a\0b\0", 4);
  return kHead + kWords + field(2, number(3, 2)) + field(3, field(2, charsmap) + number(4, 0));
}

}  // namespace

TEST_CASE("the base of these tests is a sound SentencePiece model") {
  const auto tokenizer = load(good_model());
  CHECK(tokenizer->warnings().empty());
  CHECK(tokenizer->vocab_size() == 262);
  CHECK(tokenizer->bos() == 1);
  CHECK(tokenizer->encode("a", SpecialTokens::Add, ControlTokens::PlainText) ==
        std::vector<salient::TokenId>{1, 261});
  CHECK(load(model_with_charsmap(0))->vocab_size() == 6);
}

TEST_CASE("M01: a number without end is refused with its offset") {
  check_refused(std::string(11, '\x80'), "offset 10");
  check_refused(good_model() + std::string(11, '\x80'),
                "offset " + std::to_string(good_model().size() + 10));
  check_refused("\x08" + std::string(9, '\xFF') + "\x02", "64 bits");
  check_refused(std::string(1, '\x80'), "ends inside a number");
}

TEST_CASE("M02: a field past the end is refused") {
  check_refused(good_model() + "\x0A" + varint(std::uint64_t{1} << 31U),
                "2147483648 bytes, 0 are left");
  check_refused(good_model() + "\x0A" + varint(~std::uint64_t{0}), "are left");
  check_refused(field(1,
                      "\x0A\x7F"
                      "abc"),
                "127 bytes, 3 are left");
  check_refused(good_model() +
                    "\x09"
                    "1234",
                "8 bytes, 4 are left");
  for (std::size_t cut = 1; cut < 40; ++cut) {
    check_refused(
        good_model().substr(0, good_model().size() - kTrainer.size() - kNormalizer.size() - cut),
        "");
  }
}

TEST_CASE("M03: pieces that are empty, twice there, or not text are refused") {
  const std::string rest = kTrainer + kNormalizer;
  check_refused(byte_pieces(256) + kWords + rest, "0 pieces are the unknown one");
  check_refused(kHead + piece("<unk2>", 0, 2) + byte_pieces(256) + rest,
                "2 pieces are the unknown one");
  check_refused(kHead + byte_pieces(256) + piece("", 0, 1) + rest, "piece 259 is empty");
  check_refused(kHead + byte_pieces(256) + kWords + piece("a", 0, 1) + rest, "\"a\" comes twice");
  check_refused(kHead + byte_pieces(256) + piece("\xFF", 0, 1) + rest, "UTF-8");
  check_refused(kHead + byte_pieces(256) + piece(std::string("a\0b", 3), 0, 1) + rest, "zero byte");
  check_refused(kHead + byte_pieces(256) + piece(std::string(65537, 'a'), 0, 1) + rest, "65536");
  check_refused(kHead + byte_pieces(256) + piece("x", 0, 7) + rest, "type 7");
  check_refused("", "no pieces");
  check_refused(kTrainer, "no pieces");
  check_refused("#version: 0.2\nthis is text", "");
}

TEST_CASE("M04: byte fallback needs all 256 byte pieces") {
  check_refused(kHead + byte_pieces(255) + kWords + kTrainer + kNormalizer, "255 byte pieces, 256");
  check_refused(kHead + byte_pieces(0) + kWords + kTrainer + kNormalizer, "0 byte pieces, 256");
  check_refused(kHead + byte_pieces(255) + piece("<0xZZ>", 0, 6) + kTrainer, "<0xZZ>");
  check_refused(kHead + byte_pieces(256) + kWords + field(2, number(3, 2)), "byte_fallback is off");
}

TEST_CASE("M05: groups are refused, however many") {
  check_refused(std::string(10000, '\x0B'), "wire type 3");
  check_refused(good_model() + std::string(10000, '\x0B'), "wire type 3");
  check_refused(good_model() + std::string(1, '\x0C'), "wire type 4");
  check_refused(good_model() + std::string(1, '\x0E'), "wire type 6");
  check_refused(std::string(1, '\x02') + std::string(1, '\0'), "field number");
}

TEST_CASE("M06: scores that are no number or too large are refused with the piece") {
  const std::string rest = kTrainer + kNormalizer;
  for (const float score : {std::numeric_limits<float>::quiet_NaN(),
                            -std::numeric_limits<float>::infinity(), 1e38F, -1e38F, 1.1e10F}) {
    check_refused(kHead + byte_pieces(256) + kWords + piece("x", score, 1) + rest, "piece 262");
  }
  CHECK(load(kHead + byte_pieces(256) + kWords + piece("x", -1e10F, 1) + rest)->vocab_size() ==
        263);
}

TEST_CASE("M07: another number of pieces than embedding rows is a warning") {
  CHECK(load(good_model(), 262)->warnings().empty());
  CHECK(load(good_model(), 300)->warnings().empty());
  const auto tokenizer = load(good_model(), 250);
  REQUIRE(tokenizer->warnings().size() == 1);
  CHECK(tokenizer->warnings()[0].find("262 tokens, the embedding has 250 rows") !=
        std::string::npos);
}

TEST_CASE("a normalization table that leads outside of itself is refused") {
  check_refused(model_with_charsmap(0, 1025), "trie of 1025");
  check_refused(model_with_charsmap(0, 0xFFFFFFFC), "trie of 4294967292");
  check_refused(model_with_charsmap(0x3FU << 10U | 1U << 9U), "leads outside of it");
  const std::uint32_t leaf_behind = 1U << 8U | 1U << 10U;
  check_refused(model_with_charsmap(leaf_behind, 1024, 1U << 31U | 4U), "outside of the texts");
  CHECK(load(model_with_charsmap(leaf_behind, 1024, 1U << 31U | 3U))->vocab_size() == 6);
  check_refused(kHead + kWords + field(2, number(3, 2)) + field(3, field(2, "abc")),
                "table is cut");
}

TEST_CASE("a model file of more than 64 MiB is refused") {
  const salient::tests::TemporaryFolder folder;
  std::ofstream(folder.path() / "tokenizer.model") << good_model();
  std::filesystem::resize_file(folder.path() / "tokenizer.model", (std::uintmax_t{64} << 20U) + 1);
  CHECK_THROWS_WITH_AS(
      salient::load_tokenizer({.folder = folder.path(), .gguf = {}, .chat_template = {}}),
      doctest::Contains("67108864"), salient::Error);
}
