// SPDX-License-Identifier: Apache-2.0
#pragma once

// README.md of an export: the YAML head that model hubs read, what was done, how to load it, and
// what was measured, in Markdown.

#include <string>

#include "engine/report/run_summary.h"

namespace salient {

std::string model_card(const RunSummary& run);

}  // namespace salient
