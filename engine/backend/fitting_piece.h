// SPDX-License-Identifier: Apache-2.0
#pragma once

// Work that can be done in pieces of any size takes the largest piece whose memory is to be had.

#include <algorithm>
#include <cstdint>
#include <utility>

#include "engine/error.h"

namespace salient {

/// What `allocate(rows)` returns for the first of `most`, a half of it, a quarter … that does not
/// throw Error(Resources); `least` is tried last, and its error is the caller's. The rows come back
/// beside it.
template <class Allocate>
auto fitting_piece(std::int64_t most, std::int64_t least, const Allocate& allocate) {
  std::int64_t rows = most;
  while (rows > least) {
    try {
      return std::pair(allocate(rows), rows);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::Resources) throw;
    }
    rows = std::max(rows / 2, least);
  }
  return std::pair(allocate(rows), rows);
}

}  // namespace salient
