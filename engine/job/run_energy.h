// SPDX-License-Identifier: Apache-2.0
#pragma once

// How much of a linear input's energy its salient channels carry, from the record of a published
// run. Records of format 1 kept no energies: nothing is said about them.

#include <optional>

#include "engine/job/run_record.h"

namespace salient {

/// Of the input that linear `id` reads, for the top `share` of its channels by magnitude.
std::optional<InputEnergy> input_energy(const RunRecord& record, const LinearId& id, double share);

/// The input of the whole model whose salient channels carry the most.
std::optional<InputEnergy> loudest_input(const RunRecord& record, double share);

}  // namespace salient
