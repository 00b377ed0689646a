// SPDX-License-Identifier: Apache-2.0
#include "app/cli/result_table.h"

#include <doctest/doctest.h>

using namespace salient::app;

TEST_CASE("figures are medians with their spread, whichever order they came in") {
  const Spread spread = spread_of({3, 1, 2});
  CHECK(spread.median == 2);
  CHECK(cell_of(spread).text == "2.00 (1.00–3.00)");
  CHECK(cell_of(spread).value["high"] == 3);
}

TEST_CASE("a table gives programs every column, and names from files cannot break it") {
  ResultTable table({{"model", "model"}, {"hidden", ""}});
  table.add({name_cell("a|b\x1b"), {"", 7}});
  CHECK(table.json().dump() == R"([{"model":"a|b\\x1b","hidden":7}])");
  CHECK(name_cell("a|b").text == "a\\|b");
  CHECK_THROWS(table.add({}));
}
