// SPDX-License-Identifier: Apache-2.0
#pragma once

// How long recorded stages take on a device: a median of batches, each long enough that the host's
// round trip at its end does not count.

#include "engine/backend/backend.h"

namespace salient {

struct TimedBatches {
  int batches = 5;
  double least_seconds = 0.02;  ///< of one batch
};

/// Median seconds of one `program.run()`, one run to warm up before.
double median_seconds(Backend& backend, Program& program, const TimedBatches& how);

}  // namespace salient
