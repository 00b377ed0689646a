// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rotary positions of a config: rope_theta with rope_scaling, or rope_parameters, also by kind
// of layer.

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/model_config.h"

namespace salient {

/// What holds where the config is silent.
struct RopeDefaults {
  double theta = 10000.0;
  double window_theta = 0;  ///< of the layers with a window; 0: as the others
  double rotary_share = 1.0;
  std::int64_t max_positions = 0;
  std::int64_t head_dim = 0;
};

struct ParsedRope {
  RopeConfig rope;
  std::optional<RopeConfig> window_rope;
  std::int64_t rotary_dim = 0;
};

/// Throws Error(BadInput) or, for a scaling that is not known, Error(Unsupported).
ParsedRope parse_rope(const nlohmann::ordered_json& config, const std::string& file_name,
                      const RopeDefaults& defaults, std::vector<std::string>& warnings);

/// The value of rope_scaling for `rope`: null without scaling.
nlohmann::ordered_json rope_scaling_json(const RopeConfig& rope);

}  // namespace salient
