// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <limits>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_checkpoint.h"
#include "tests/tokenizer/sentencepiece_bytes.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using enum Outcome;
using namespace sentencepiece;

constexpr const char* kFile = "tokenizer.json";

/// The tiny model with its tokenizer.json changed.
BadInput changed(const char* id, const char* name, Outcome outcome, const char* says,
                 const std::function<void(Json&)>& change) {
  return {id, name, outcome, says, [change](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            std::ifstream file(folder / kFile);
            Json json = Json::parse(file);
            change(json);
            write_bytes(folder / kFile, json.dump());
            return fs::path();
          }};
}

/// The tiny model with other bytes as its tokenizer.json, filled with a hole up to `size`.
BadInput bytes(const char* id, const char* name, const char* says, const std::string& text,
               std::uint64_t size = 0) {
  return {id, name, Refused, says, [=](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            write_bytes(folder / kFile, text);
            if (size > 0) fs::resize_file(folder / kFile, size);
            return fs::path();
          }};
}

/// The tiny model with a SentencePiece model in the place of its tokenizer.json.
BadInput pieces(const char* id, const char* name, const char* says, const std::string& model,
                Outcome outcome = Refused) {
  return {id, name, outcome, says, [model](const fs::path& folder) {
            write_folder(make_tiny_checkpoint(), folder);
            fs::remove(folder / kFile);
            write_bytes(folder / "tokenizer.model", model);
            return fs::path();
          }};
}

BadInput token(const char* id, const char* name, Outcome outcome, const char* says,
               const Json& number) {
  return changed(id, name, outcome, says,
                 [number](Json& json) { json["model"]["vocab"]["zz"] = number; });
}

BadInput pattern(const char* id, const char* name, const char* says, const char* regex) {
  return changed(id, name, Refused, says, [regex](Json& json) {
    json["pre_tokenizer"] = {
        {"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}};
  });
}

std::vector<BadInput> json_rows() {
  BadInput slow = pattern("T03", "slow pattern", "match limit", "(a+)+$");
  slow.text = std::string(50, 'a') + "b";
  return {bytes("T01a", "cut", "tokenizer.json: line 1", "{\"model\": {"),
          bytes("T01b", "2 GB", "at most 268435456", "{}", 2ULL << 30U),
          bytes("T01c", "deep", "nested deeper than 64", std::string(100'000, '[')),
          token("T02a", "two tokens with one id", Refused, "id 7", 7),
          token("T02b", "id below zero", Refused, "-1", -1),
          changed("T02c", "a hole in the ids", Warned, "1 ids have no token",
                  [](Json& json) { json["model"]["vocab"].erase("\u0100"); }),
          slow,
          pattern("T04", "broken pattern", "position 1", "("),
          changed("T05", "empty added token", Refused, "added_tokens[0]",
                  [](Json& json) {
                    json["added_tokens"] = {{{"id", 256}, {"content", ""}, {"special", true}}};
                  }),
          changed("T06", "replacing nothing", Refused, "normalizer.pattern.String",
                  [](Json& json) {
                    json["normalizer"] = {
                        {"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", "x"}};
                  }),
          changed("T07", "a character outside of the alphabet", Warned,
                  "outside the byte-level alphabet",
                  [](Json& json) {
                    json["model"]["vocab"].erase("\u0100");
                    json["model"]["vocab"]["\u5DDD"] = 0;
                  }),
          changed("T08", "unknown type", Unsupported, "WordLevel2",
                  [](Json& json) { json["model"]["type"] = "WordLevel2"; }),
          changed("T09", "a table that is no base64", Unsupported, "Precompiled", [](Json& json) {
            json["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", "no base64!"}};
          })};
}

std::vector<BadInput> sentencepiece_rows() {
  const std::string rest = kTrainer + kNormalizer;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  return {
      pieces("M01", "endless number", "offset 10", std::string(11, '\x80')),
      pieces("M02", "field past the end", "2147483648 bytes, 0 are left",
             good_model() + "\x0A" + varint(std::uint64_t{1} << 31U)),
      pieces("M03a", "no unknown piece", "0 pieces are the unknown one",
             byte_pieces(256) + kWords + rest),
      pieces("M03b", "empty piece", "is empty", kHead + byte_pieces(256) + piece("", 0, 1) + rest),
      pieces("M03c", "a piece twice", "comes twice",
             kHead + byte_pieces(256) + kWords + piece("a", 0, 1) + rest),
      pieces("M04", "255 byte pieces", "255 byte pieces, 256",
             kHead + byte_pieces(255) + kWords + rest),
      pieces("M05", "groups", "wire type 3", std::string(10'000, '\x0B')),
      pieces("M06a", "score is no number", "piece 262",
             kHead + byte_pieces(256) + kWords + piece("x", nan, 1) + rest),
      pieces("M06b", "score of 1e38", "piece 262",
             kHead + byte_pieces(256) + kWords + piece("x", 1e38F, 1) + rest),
      pieces("M07", "more pieces than rows", "262 tokens, the embedding has 256 rows", good_model(),
             Warned)};
}

}  // namespace

std::vector<BadInput> tokenizer_inputs() {
  std::vector<BadInput> rows = json_rows();
  const std::vector<BadInput> models = sentencepiece_rows();
  rows.insert(rows.end(), models.begin(), models.end());
  return rows;
}

}  // namespace salient::tests
