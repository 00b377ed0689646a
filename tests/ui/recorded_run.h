// SPDX-License-Identifier: Apache-2.0
#pragma once

// A run as the engine would report it, built in code in the shape of the demo model (30 blocks of
// 576, 1 536 wide MLP). Numbers are seeded; step statistics come from the engine's own functions.

#include <memory>
#include <vector>

#include "ui/bridge/engine_commands.h"

namespace salient::tests {

std::shared_ptr<const Plan> recorded_plan(const JobOptions& options);

/// Every event of the run for `plan`, in the engine's order.
std::vector<Event> recorded_events(const Plan& plan);

/// Magnitudes of one input, and one linear's weight [out_features, in_features] F32.
SiteStats recorded_site(std::int64_t block, Site site);
Tensor recorded_weight(const LinearId& id);

enum class Steps { Measure, Skip };
ui::StudyRequest::Known recorded_result(const LinearId& id, const LinearSettings& settings,
                                        Steps steps);

}  // namespace salient::tests
