// SPDX-License-Identifier: Apache-2.0
// What every source has to hold: a licence line, a bounded length, and none of the calls that turn
// a hostile file into a crash or a locale into a wrong number.

#include <array>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "tests/rules/sources.h"

using salient::tests::project_sources;

namespace {

constexpr std::size_t kMaxLines = 450;

struct Banned {
  std::string_view text;
  std::string_view why;
};

constexpr std::array kBanned = {
    Banned{" assert(", "assert is compiled out of release builds"},
    Banned{"mmap(", "a mapped file that shrinks ends the process"},
    Banned{"setlocale(", "numbers are read and written without a locale"},
    Banned{"std::stoi(", "from_chars knows no locale and does not throw"},
    Banned{"std::stod(", "from_chars knows no locale and does not throw"},
    Banned{"atoi(", "from_chars tells errors"},
    Banned{" system(", "nothing is handed to a shell"},
    Banned{"std::system(", "nothing is handed to a shell"},
    Banned{"TODO", "open ends belong into an issue"},
    Banned{"FIXME", "open ends belong into an issue"},
};

bool is_comment(std::string_view line) {
  const std::size_t start = line.find_first_not_of(' ');
  return start != std::string_view::npos && line.substr(start).starts_with("//");
}

}  // namespace

TEST_CASE("every source names its licence first") {
  for (const auto& file : project_sources({"kernels", "engine", "ui", "app", "tests"})) {
    INFO(file.path);
    REQUIRE_FALSE(file.lines.empty());
    CHECK(file.lines.front() == "// SPDX-License-Identifier: Apache-2.0");
  }
}

TEST_CASE("no source is longer than one thing needs") {
  for (const auto& file : project_sources({"kernels", "engine", "ui", "app"})) {
    INFO(file.path << " has " << file.lines.size() << " lines");
    CHECK(file.lines.size() <= kMaxLines);
  }
}

TEST_CASE("banned calls stay out") {
  for (const auto& file : project_sources({"kernels", "engine", "app"})) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (is_comment(file.lines[i])) continue;
      for (const Banned& banned : kBanned) {
        INFO(file.path << ":" << i + 1 << ": " << banned.why);
        CHECK((" " + file.lines[i]).find(banned.text) == std::string::npos);
      }
    }
  }
}

TEST_CASE("renames and syncs go through the durable file layer alone") {
  for (const auto& file : project_sources({"engine", "app"})) {
    if (file.path.starts_with("engine/export/")) continue;
    for (const std::string& line : file.lines) {
      if (is_comment(line)) continue;
      INFO(file.path << ": " << line);
      CHECK(line.find("::rename(") == std::string::npos);
      CHECK(line.find("fsync(") == std::string::npos);
    }
  }
}
