// SPDX-License-Identifier: Apache-2.0
#include "app/cli/nearest.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "app/cli/command.h"

TEST_CASE("a mistyped flag finds its neighbour and a strange one finds nothing") {
  const std::vector<std::string> known = {"--bits", "--group-size", "--samples", "--sym"};
  CHECK(salient::app::nearest("--gruop-size", known) == "--group-size");
  CHECK(salient::app::nearest("--sample", known) == "--samples");
  CHECK(salient::app::nearest("--bit", known) == "--bits");
  CHECK(salient::app::nearest("--frobnicate-everything", known).empty());
}

TEST_CASE("edit distance counts a swap of neighbours once") {
  CHECK(salient::app::edit_distance("abc", "acb") == 1);
  CHECK(salient::app::edit_distance("", "abc") == 3);
  CHECK(salient::app::edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("a command line is quoted so that a shell reads it back") {
  CHECK(salient::app::shell_quoted({"salient", "quantize", "my model", "it's"}) ==
        "salient quantize 'my model' 'it'\\''s'");
  CHECK(salient::app::shell_quoted({""}) == "''");
}
