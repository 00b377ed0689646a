// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/fitting_piece.h"

#include <vector>

#include <doctest/doctest.h>

using namespace salient;

namespace {

/// An allocator with room for so many rows.
struct Room {
  std::int64_t rows;
  std::vector<std::int64_t> asked;
  std::int64_t operator()(std::int64_t wanted) {
    asked.push_back(wanted);
    if (wanted > rows) throw Error(ErrorKind::Resources, "no room");
    return wanted * 10;
  }
};

}  // namespace

TEST_CASE("work goes on with half the rows, and half again, where memory is short") {
  Room room{300, {}};
  const auto [memory, rows] = fitting_piece(1000, 64, std::ref(room));
  CHECK(rows == 250);
  CHECK(memory == 2500);
  CHECK(room.asked == std::vector<std::int64_t>{1000, 500, 250});
}

TEST_CASE("what fits at once is asked for once, also below the least") {
  Room room{300, {}};
  CHECK(fitting_piece(300, 64, std::ref(room)).second == 300);
  CHECK(fitting_piece(20, 64, std::ref(room)).second == 20);
  CHECK(room.asked.size() == 2);
}

TEST_CASE("less than the least is the caller's to tell, and other errors are not hidden") {
  Room room{10, {}};
  CHECK_THROWS_AS(fitting_piece(200, 64, std::ref(room)), Error);
  CHECK(room.asked.back() == 64);
  const auto broken = [](std::int64_t) -> int { throw Error(ErrorKind::Failure, "broken"); };
  try {
    fitting_piece(200, 64, broken);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Failure);
  }
}
