// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "engine/tokenizer/chat_template.h"
#include "tests/shared_data.h"

namespace {

using Json = nlohmann::ordered_json;
using salient::tests::shared_file;
using salient::tests::source_file;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// 2024-07-26 12:00:00, a Friday: the time at which the goldens were made.
std::tm golden_time() {
  std::tm time{};
  time.tm_year = 124;
  time.tm_mon = 6;
  time.tm_mday = 26;
  time.tm_hour = 12;
  time.tm_wday = 5;
  time.tm_yday = 207;
  return time;
}

struct Outcome {
  bool rendered = false;
  std::string text;  ///< output, or the sentence of the error
};

Outcome render(const std::string& source, const Json& context) {
  try {
    return {true, salient::ChatTemplate(source).render(context, golden_time())};
  } catch (const salient::Error& error) {
    CHECK(error.kind() == salient::ErrorKind::BadInput);
    return {false, error.what()};
  }
}

/// Whether the outcome is the golden one; for errors it is enough that there is one.
bool matches(const Outcome& outcome, const Json& expected) {
  if (!expected.contains("output")) return !outcome.rendered;
  return outcome.rendered && outcome.text == expected["output"].get<std::string>();
}

Json own_golden() {
  return Json::parse(read_text(source_file("tests/golden/chat_template.json")));
}

}  // namespace

TEST_CASE("every rule of the template language gives what jinja2 gives") {
  const Json golden = own_golden();
  for (const Json& snippet : golden["snippets"]) {
    const auto source = snippet["template"].get<std::string>();
    CAPTURE(source);
    const Outcome outcome = render(source, Json::object());
    CAPTURE(outcome.text);
    CAPTURE(snippet.dump());
    CHECK(matches(outcome, snippet));
  }
}

TEST_CASE("errors that templates meet at run time have jinja2's words and the line") {
  const std::set<std::string> own_words = {"macro 'f' takes no keyword argument 'c'",
                                           "No filter named 'nosuchfilter'.",
                                           "integer division or modulo by zero"};
  int compared = 0;
  const Json golden = own_golden();
  for (const Json& snippet : golden["snippets"]) {
    if (!snippet.contains("error")) continue;
    const Outcome outcome = render(snippet["template"], Json::object());
    if (outcome.text.find("column") != std::string::npos) continue;
    const auto expected = snippet["error"].get<std::string>();
    if (own_words.count(expected) != 0) continue;
    CHECK(outcome.text == (expected == "sorry" ? "sorry" : "chat template line 1: " + expected));
    ++compared;
  }
  CHECK(compared >= 14);
}

TEST_CASE("the demo model's template renders conversations as jinja2 does") {
  const Json golden = own_golden();
  REQUIRE(golden["model"].size() == 6);
  for (const Json& row : golden["model"]) {
    const Outcome outcome = render(golden["template"], row["context"]);
    CAPTURE(row.dump());
    CHECK(matches(outcome, row));
  }
}

TEST_CASE("chat_context is what the demo model's template expects") {
  const Json golden = own_golden();
  const Json& row = golden["model"][2];
  const salient::ChatTemplate chat(golden["template"].get<std::string>());
  const auto context = salient::chat_context({{"system", "Be brief."}, {"user", "What is 2+2?"}},
                                             "<|im_start|>", "<|im_end|>");
  CHECK(chat.render(context) == row["output"].get<std::string>());
}

TEST_CASE("real templates render real conversations as jinja2 does") {
  const auto path = shared_file("data/chat_templates/golden-jinja2.json");
  if (!path) return;
  const std::filesystem::path folder = path->parent_path();
  int matched = 0;
  int total = 0;
  const Json golden = Json::parse(read_text(*path));
  for (const Json& row : golden["results"]) {
    const auto name = row["template"].get<std::string>();
    const Json context = Json::parse(read_text(folder / row["context"].get<std::string>()));
    const Outcome outcome = render(read_text(folder / name), context);
    const bool match = matches(outcome, row);
    ++total;
    matched += match ? 1 : 0;
    CAPTURE(name);
    CAPTURE(row["context"]);
    CAPTURE(row.value("error", ""));
    CAPTURE(outcome.text);
    CHECK(match);
  }
  MESSAGE(matched << " of " << total << " renderings match");
  CHECK(total == 177);
  CHECK(matched == 177);
}

TEST_CASE("the templates collected by llama.cpp render as jinja2 does") {
  const auto path = shared_file("data/chat_templates/llamacpp-template-vectors.json");
  if (!path) return;
  const Json vectors = Json::parse(read_text(*path));
  int matched = 0;
  for (const Json& row : vectors["cases"]) {
    Json context;
    context["messages"] = vectors["messages"];
    context["add_generation_prompt"] = vectors["add_generation_prompt"];
    context["bos_token"] = row["bos_token"];
    context["eos_token"] = row["eos_token"];
    const Outcome outcome = render(row["template"], context);
    Json expected;
    if (row.contains("jinja2_output")) expected["output"] = row["jinja2_output"];
    CAPTURE(row["name"]);
    CAPTURE(row.value("jinja2_error", ""));
    CAPTURE(outcome.text);
    CHECK(matches(outcome, expected));
    matched += matches(outcome, expected) ? 1 : 0;
  }
  CHECK(matched == 33);
}
