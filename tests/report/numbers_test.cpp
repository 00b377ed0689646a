// SPDX-License-Identifier: Apache-2.0
#include "engine/report/numbers.h"

#include <limits>

#include <doctest/doctest.h>

TEST_CASE("numbers read as the design writes them") {
  CHECK(salient::format_rate(41.34) == "41.3 tok/s");
  CHECK(salient::format_bytes(0.94e9) == "0.94 GB");
  CHECK(salient::format_bytes(114.2e6) == "114 MB");
  CHECK(salient::format_factor(2.71) == "2.7×");
  CHECK(salient::format_factor(252.4) == "252×");
  CHECK(salient::format_percent(0.971) == "97 %");
  CHECK(salient::format_percent(0.0742) == "7.4 %");
  CHECK(salient::format_percent(0) == "0 %");
  CHECK(salient::format_percent(1) == "100 %");
  CHECK(salient::format_loss(0.00191) == "1.9e-3");
  CHECK(salient::format_loss(0.166) == "0.166");
  CHECK(salient::format_count(1536) == "1\u202F536");
  CHECK(salient::format_count(-1234567) == "-1\u202F234\u202F567");
  CHECK(salient::format_clock(34.4) == "0:34");
  CHECK(salient::format_clock(3725) == "1:02:05");
  CHECK(salient::format_with_error(0.1663, 0.0031) == "0.166 ± 0.003");
  CHECK(salient::format_alpha(0.6) == "0.60");
  CHECK(salient::format_seconds(0.0241) == "24 ms");
  CHECK(salient::format_seconds(125) == "2 min 5 s");
  CHECK(salient::format_parameters(134515008) == "134.5 M");
  CHECK(salient::format_parameters(6738415616) == "6.74 B");
}

TEST_CASE("rounding never shows a fourth digit") {
  CHECK(salient::format_significant(9.996, 3) == "10.0");
  CHECK(salient::format_significant(999.6, 3) == "1\u202F000");
  CHECK(salient::format_loss(0.00996) == "1.0e-2");
  CHECK(salient::format_significant(0, 3) == "0");
}

TEST_CASE("what is not a number is a dash, not text of the C library") {
  CHECK(salient::format_significant(std::numeric_limits<double>::quiet_NaN(), 3) == "–");
  CHECK(salient::format_significant(std::numeric_limits<double>::infinity(), 3) == "∞");
}
