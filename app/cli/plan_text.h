// SPDX-License-Identifier: Apache-2.0
#pragma once

// A plan as lines for a terminal and as JSON.

#include <nlohmann/json.hpp>

#include "app/cli/terminal.h"
#include "engine/job/job.h"

namespace salient::app {

void print_plan(const Plan& plan, Terminal& terminal);
nlohmann::ordered_json plan_json(const Plan& plan);

}  // namespace salient::app
