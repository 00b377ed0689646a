// SPDX-License-Identifier: Apache-2.0
#pragma once

// The numbers of a plan: sizes from the layout of the export, memory and operations per phase from
// the shapes, time from an assumed rate per core until the first block has been measured.

#include "engine/job/job.h"

namespace salient {

void add_estimates(const Backend& backend, const Checkpoint& checkpoint, const DecoderShape& shape,
                   Plan& plan);

/// Error(Resources) when the target's disk has not room for journal and export.
void check_disk(Plan& plan);

}  // namespace salient
