// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <doctest/doctest.h>

#include "tests/shared_data.h"

namespace {

using salient::tests::source_file;

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> texts_in(std::string_view folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(source_file(folder))) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string joined(std::string_view folder) {
  std::string text;
  for (const auto& path : texts_in(folder)) text += read_text(path) + "\n";
  return text;
}

/// The bytes of the UTF-8 sequence that starts at `at`, or 0 where the text is not valid UTF-8.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(at);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) return 0;
  char32_t code = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    code = (code << 6) | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return overlong || surrogate || code > 0x10FFFF ? 0 : length;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

void check_plain(const std::filesystem::path& path) {
  CAPTURE(path);
  const std::string text = read_text(path);
  CHECK(path.extension() == ".txt");
  CHECK(is_utf8(text));
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\0') == std::string::npos);
  CHECK(text.rfind("\xEF\xBB\xBF", 0) == std::string::npos);
  CHECK(text.back() == '\n');
  CHECK(text.size() > 1000);
}

/// Every run of `length` bytes of `text`.
std::unordered_set<std::string_view> windows(std::string_view text, std::size_t length) {
  std::unordered_set<std::string_view> found;
  for (std::size_t i = 0; i + length <= text.size(); ++i) found.insert(text.substr(i, length));
  return found;
}

}  // namespace

TEST_CASE("the UTF-8 check itself knows good from bad") {
  CHECK(is_utf8("plain, é, 茶, 😀"));
  CHECK_FALSE(is_utf8("\xC3"));
  CHECK_FALSE(is_utf8("\xC0\xAF"));
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_utf8("\xE2\x28\xA1"));
}

TEST_CASE("the default calibration text is about 150 KB of clean UTF-8 in many domains") {
  const auto paths = texts_in("resources/calibration");
  CHECK(paths.size() >= 15);
  for (const auto& path : paths) check_plain(path);
  const std::size_t size = joined("resources/calibration").size();
  CHECK(size > 130'000);
  CHECK(size < 200'000);
}

TEST_CASE("the default evaluation text is about 40 KB of clean UTF-8") {
  for (const auto& path : texts_in("resources/evaluation")) check_plain(path);
  const std::size_t size = joined("resources/evaluation").size();
  CHECK(size > 35'000);
  CHECK(size < 60'000);
}

TEST_CASE("evaluation shares no run of fifty bytes with anything the toy was trained on") {
  const std::string training =
      joined("resources/calibration") + read_text(source_file("packaging/toy_dialogues.txt"));
  const auto known = windows(training, 50);
  const std::string evaluation = joined("resources/evaluation");
  for (std::size_t i = 0; i + 50 <= evaluation.size(); ++i) {
    const std::string_view window = std::string_view(evaluation).substr(i, 50);
    if (known.contains(window)) FAIL("both hold: " << window);
  }
}

TEST_CASE("no long line of the calibration text stands there twice") {
  const std::string text = joined("resources/calibration");
  std::unordered_set<std::string> seen;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    if (line.size() > 120 && !seen.insert(line).second) FAIL("twice: " << line);
    begin = end + 1;
  }
  CHECK(seen.size() > 200);
}

TEST_CASE("three sample prompts stand one to a line") {
  const std::string text = read_text(source_file("resources/prompts.txt"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.find("\n\n") == std::string::npos);
  CHECK(is_utf8(text));
}
