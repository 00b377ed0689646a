// SPDX-License-Identifier: Apache-2.0
#pragma once

// Cancelling: long calls of the engine ask between pieces of work that take a few milliseconds
// each, so that a request takes effect at once wherever it finds them.

#include <stop_token>

#include "engine/error.h"

namespace salient {

/// Throws Error(Cancelled) once `stop` was requested.
inline void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::Cancelled, "the work was cancelled");
}

}  // namespace salient
