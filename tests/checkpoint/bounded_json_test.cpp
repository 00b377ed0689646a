// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/bounded_json.h"

#include <doctest/doctest.h>

#include "engine/error.h"

using namespace salient;

namespace {

std::string refusal(std::string_view text) {
  try {
    parse_json(text, "x.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("JSON keeps the order of keys") {
  const auto json = parse_json(R"({"b": 1, "a": [true, null, -2, 1.5, "x"], "c": {}})", "x.json");
  CHECK(json.dump() == R"({"b":1,"a":[true,null,-2,1.5,"x"],"c":{}})");
}

TEST_CASE("JSON that readers disagree about is refused with its place") {
  CHECK(refusal("{\"a\": 1,\n \"a\": 2}") == "x.json: key \"a\" comes twice");
  CHECK(refusal("{\"a\": 1,\n \"b\" 2}") == "x.json: line 2, column 6: this is not valid JSON");
  CHECK(refusal("{\"a\": 1") == "x.json: line 1, column 8: the text ends too early");
  CHECK(refusal("\xEF\xBB\xBF{}") == "x.json: begins with a byte order mark, JSON must not");
  CHECK(refusal("{\"a\xFF\": 1}") == "x.json: byte 3 is not UTF-8");
  CHECK(refusal("{} {}") == "x.json: line 1, column 4: this is not valid JSON");
  CHECK(refusal("[1,]") != "accepted");
  CHECK(refusal("[NaN]") != "accepted");
  CHECK(refusal("[1e999]") == "x.json: line 1, column 6: a number is out of range");
  CHECK(refusal("[\"\\ud800\"]") != "accepted");
  CHECK(refusal("// c\n{}") != "accepted");
  CHECK(refusal("") != "accepted");
}

TEST_CASE("JSON may nest 64 deep and no deeper") {
  CHECK(refusal(nested(64)) == "accepted");
  CHECK(refusal(nested(65)) == "x.json: line 1, column 65: nested deeper than 64");
  CHECK(refusal(std::string(100'000, '[')) == "x.json: line 1, column 65: nested deeper than 64");
  CHECK(refusal("[\"" + std::string(100, '[') + "\\\"[\"]") == "accepted");
}

TEST_CASE("an object with very many keys is read in linear time") {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  CHECK(parse_json(text + "}", "x.json").size() == 100'000);
}
