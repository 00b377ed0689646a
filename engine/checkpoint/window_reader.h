// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which layers of a model see a window only, and how wide it is: from layer_types where a config
// lists them, else by the family's rule.

#include <string>

#include "engine/checkpoint/architecture.h"

namespace salient {

/// Fills `window` and `layers` of a config whose layers are counted.
void read_windows(const nlohmann::ordered_json& config_json, const std::string& file,
                  const Architecture& row, ModelConfig& config);

}  // namespace salient
