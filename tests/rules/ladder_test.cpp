// SPDX-License-Identifier: Apache-2.0
// The ladder: a room includes only what stands to its left. kernels <- engine <- ui <- app, and
// inside the engine the order in which data flows.

#include <algorithm>
#include <array>
#include <string>

#include <doctest/doctest.h>

#include "tests/rules/sources.h"

using salient::tests::project_includes;
using salient::tests::project_sources;
using salient::tests::room_of;

namespace {

/// Left to right. Rooms that share a rung may not see each other, except themselves.
constexpr std::array kLadder = {"kernels",
                                "kernels/cpu",
                                "kernels/cuda",
                                "engine",
                                "engine/tensor",
                                "engine/backend",
                                "engine/checkpoint",
                                "engine/tokenizer",
                                "engine/model",
                                "engine/calibration",
                                "engine/quantization",
                                "engine/runtime",
                                "engine/evaluation",
                                "engine/report",
                                "engine/export",
                                "engine/job",
                                "ui/style",
                                "ui/plots",
                                "ui/bridge",
                                "ui/models",
                                "ui/panes",
                                "app"};

std::size_t rung(const std::string& room) {
  return static_cast<std::size_t>(std::find(kLadder.begin(), kLadder.end(), room) -
                                  kLadder.begin());
}

/// Kernels are named by the backend alone; number formats (kernels/half.h) are anyone's.
bool may_see_kernels(const std::string& room) {
  return room.starts_with("kernels") || room == "engine/backend";
}

}  // namespace

TEST_CASE("every source stands in a room of the ladder") {
  const auto files = project_sources({"kernels", "engine", "ui", "app"});
  REQUIRE(files.size() > 40);
  for (const auto& file : files) {
    INFO(file.path);
    CHECK(rung(room_of(file.path)) < kLadder.size());
  }
}

TEST_CASE("a room includes only what stands to its left") {
  for (const auto& file : project_sources({"kernels", "engine", "ui", "app"})) {
    const std::string room = room_of(file.path);
    for (const std::string& include : project_includes(file)) {
      INFO(file.path << " includes " << include);
      const std::string other = room_of(include);
      CHECK(rung(other) <= rung(room));
      if (other.starts_with("kernels/")) CHECK(may_see_kernels(room));
      CHECK_FALSE(include.starts_with("tests/"));
    }
  }
}

TEST_CASE("the engine and the kernels know no Qt") {
  for (const auto& file : project_sources({"kernels", "engine"})) {
    for (const std::string& line : file.lines) {
      INFO(file.path << ": " << line);
      CHECK_FALSE(line.starts_with("#include <Q"));
    }
  }
}

TEST_CASE("the rule itself notices a wrong include") {
  CHECK(rung(room_of("engine/job/job.h")) > rung(room_of("engine/export/export.h")));
  CHECK_FALSE(may_see_kernels("ui/panes"));
  CHECK(room_of("kernels/half.h") == "kernels");
  CHECK(room_of("app/cli/info.cpp") == "app");
}
