// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rotary position keys of config.json, in both generations.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/model_config.h"

namespace salient {

/// Throws Error(BadInput) or, for a scaling that is not known, Error(Unsupported).
RopeConfig parse_rope(const nlohmann::ordered_json& config, const std::string& file_name,
                      std::int64_t max_positions, std::vector<std::string>& warnings);

/// The value of rope_scaling for `rope`: null without scaling.
nlohmann::ordered_json rope_scaling_json(const RopeConfig& rope);

}  // namespace salient
