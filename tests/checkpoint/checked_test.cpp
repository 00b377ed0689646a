// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/checked.h"

#include <limits>

#include <doctest/doctest.h>

#include "engine/checkpoint/foreign_text.h"

using namespace salient;

namespace {
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
}

TEST_CASE("checked arithmetic has no value where it would wrap") {
  CHECK(checked::add<std::uint64_t>(kMost - 1, 1) == kMost);
  CHECK_FALSE(checked::add<std::uint64_t>(kMost, 1));
  CHECK(checked::multiply<std::uint64_t>(1ULL << 32, (1ULL << 32) - 1));
  CHECK_FALSE(checked::multiply<std::uint64_t>(1ULL << 32, 1ULL << 32));
  CHECK(checked::align_up(0, 32) == 0);
  CHECK(checked::align_up(33, 32) == 64);
  CHECK(checked::align_up(kMost - 31, 32) == kMost - 31);
  CHECK_FALSE(checked::align_up(kMost - 30, 32));
}

TEST_CASE("a range fits when both ends lie inside, however large its numbers are") {
  CHECK(checked::range_fits(0, 10, 10));
  CHECK(checked::range_fits(10, 0, 10));
  CHECK_FALSE(checked::range_fits(10, 1, 10));
  CHECK_FALSE(checked::range_fits(11, 0, 10));
  CHECK_FALSE(checked::range_fits(kMost, 2, 10));
  CHECK_FALSE(checked::range_fits(2, kMost, 10));
}

TEST_CASE("UTF-8 is checked strictly") {
  CHECK_FALSE(find_invalid_utf8("plain, é, 漢, 😀"));
  CHECK(find_invalid_utf8("ab\xFF") == 2);
  CHECK(find_invalid_utf8("\xC0\x80") == 0);          // overlong
  CHECK(find_invalid_utf8("x\xE0\x80\x80") == 1);     // overlong
  CHECK(find_invalid_utf8("\xED\xA0\x80") == 0);      // surrogate
  CHECK(find_invalid_utf8("\xF4\x90\x80\x80") == 0);  // above U+10FFFF
  CHECK(find_invalid_utf8("abc\xE2\x82") == 3);       // cut
}

TEST_CASE("foreign names are shown escaped and cut") {
  CHECK(escaped("model.norm.weight") == "model.norm.weight");
  CHECK(escaped("a\x1B[2J\n\"") == "a\\x1B[2J\\x0A\\\"");
  CHECK(escaped("a\u202Eb") == "a\\u{202E}b");
  CHECK(escaped("\xFF") == "\\xFF");
  CHECK(escaped(std::string(500, 'a'), 10) == "aaaaaaaaaa…");
}
