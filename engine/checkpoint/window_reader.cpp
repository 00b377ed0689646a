// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/window_reader.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/config_keys.h"
#include "engine/checkpoint/limits.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kPattern = 6;

std::vector<LayerAttention> listed_layers(const Json& list, const ConfigKeys& keys,
                                          std::int64_t count) {
  if (!list.is_array() || static_cast<std::int64_t>(list.size()) != count) {
    keys.refuse("layer_types", "is " + shown(list) + ", a list of " + std::to_string(count) +
                                   " kinds of layers is needed");
  }
  std::vector<LayerAttention> layers;
  for (const Json& item : list) {
    const bool full = item == "full_attention";
    if (!full && item != "sliding_attention") {
      keys.refuse_unsupported("layer_types", "holds " + shown(item) +
                                                 ", known are \"full_attention\" and "
                                                 "\"sliding_attention\"");
    }
    layers.push_back(full ? LayerAttention::Full : LayerAttention::Window);
  }
  return layers;
}

bool has_window(const ConfigKeys& keys, WindowRule rule, std::int64_t layer) {
  switch (rule) {
    case WindowRule::None:
      return false;
    case WindowRule::Every:
      return true;
    case WindowRule::Switched:
      return layer >= keys.integer_or("max_window_layers", 0, limits::kLayers, 28);
    case WindowRule::Alternating:
      return layer % 2 == 0;
    case WindowRule::AllButSixth:
      return (layer + 1) %
                 keys.integer_or("sliding_window_pattern", 1, limits::kLayers, kPattern) !=
             0;
  }
  return false;
}

}  // namespace

void read_windows(const Json& config_json, const std::string& file, const Architecture& row,
                  ModelConfig& config) {
  const WindowRule rule = row.config.windows;
  const ConfigKeys keys(config_json, file);
  if (rule == WindowRule::None) return;
  if (rule == WindowRule::Switched && !keys.boolean_or("use_sliding_window", false)) return;
  // A window that is null is none; one that is not mentioned is the family's.
  const std::int64_t absent = config_json.contains("sliding_window") ? 0 : row.config.window;
  config.window = keys.integer_or("sliding_window", 0, limits::kPositions, absent);
  if (config.window == 0) return;
  if (const Json* list = keys.find("layer_types")) {
    config.layers = listed_layers(*list, keys, config.num_layers);
  } else {
    for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
      config.layers.push_back(has_window(keys, rule, layer) ? LayerAttention::Window
                                                            : LayerAttention::Full);
    }
  }
  if (std::ranges::find(config.layers, LayerAttention::Window) != config.layers.end()) return;
  config.window = 0;
  config.layers.clear();
}

}  // namespace salient
