// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/rope_reader.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/config_keys.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMinTheta = 1.0;
constexpr double kMaxTheta = 1e12;
constexpr double kMinFactor = 1e-3;
constexpr double kMaxFactor = 1e4;

/// The object with the scaling keys, and what to call it.
struct RopeObject {
  const Json* object = nullptr;
  std::string_view key;
};

RopeObject find_rope_object(const ConfigKeys& keys) {
  for (const std::string_view key : {"rope_parameters", "rope_scaling"}) {
    const Json* object = keys.find(key);
    if (object == nullptr) continue;
    if (!object->is_object()) keys.refuse(key, "is " + shown(*object) + ", an object is needed");
    return {object, key};
  }
  return {};
}

/// Keys that another scaling would honour must not be passed over in silence.
void check_known_keys(const Json& object, const ConfigKeys& keys) {
  static constexpr std::array<std::string_view, 8> kKnown = {"type",
                                                             "rope_type",
                                                             "rope_theta",
                                                             "factor",
                                                             "low_freq_factor",
                                                             "high_freq_factor",
                                                             "original_max_position_embeddings",
                                                             "partial_rotary_factor"};
  for (const auto& [key, value] : object.items()) {
    if (value.is_null() || std::find(kKnown.begin(), kKnown.end(), key) != kKnown.end()) continue;
    keys.refuse_unsupported(escaped(key), "is not supported");
  }
  if (keys.real_or("partial_rotary_factor", 0.0, 1.0, 1.0) != 1.0) {
    keys.refuse_unsupported("partial_rotary_factor", "other than 1 is not supported");
  }
}

void read_scaling(const ConfigKeys& keys, std::int64_t max_positions, RopeConfig& rope) {
  const std::string type = keys.text("rope_type").value_or(keys.text("type").value_or("default"));
  if (type == "default") return;
  if (type != "linear" && type != "llama3") {
    keys.refuse_unsupported("rope_type", "is " + in_quotes(type) +
                                             ", known are \"default\", \"linear\" and \"llama3\"");
  }
  if (!keys.has("factor")) keys.refuse("factor", "is missing");
  rope.scaling = type == "linear" ? RopeScaling::LinearPositions : RopeScaling::Llama3;
  rope.factor = keys.real_or("factor", kMinFactor, kMaxFactor, 1.0);
  if (rope.scaling == RopeScaling::LinearPositions) return;
  rope.low_frequency_factor = keys.real_or("low_freq_factor", kMinFactor, kMaxFactor, 1.0);
  rope.high_frequency_factor = keys.real_or("high_freq_factor", kMinFactor, kMaxFactor, 4.0);
  rope.original_max_positions =
      keys.integer_or("original_max_position_embeddings", 1, limits::kPositions, max_positions);
  if (rope.high_frequency_factor > rope.low_frequency_factor) return;
  keys.refuse("high_freq_factor", "is not above low_freq_factor");
}

}  // namespace

RopeConfig parse_rope(const Json& config, const std::string& file_name, std::int64_t max_positions,
                      std::vector<std::string>& warnings) {
  const ConfigKeys keys(config, file_name);
  RopeConfig rope;
  rope.theta = keys.real_or("rope_theta", kMinTheta, kMaxTheta, rope.theta);
  const RopeObject found = find_rope_object(keys);
  if (found.object == nullptr) return rope;
  const ConfigKeys inner(*found.object, file_name, std::string(found.key) + ".");
  read_scaling(inner, max_positions, rope);
  check_known_keys(*found.object, inner);
  const double theta = inner.real_or("rope_theta", kMinTheta, kMaxTheta, rope.theta);
  if (keys.has("rope_theta") && theta != rope.theta) {
    warnings.push_back(file_name + ": rope_theta and " + std::string(found.key) +
                       ".rope_theta differ, the latter is used");
  }
  rope.theta = theta;
  return rope;
}

Json rope_scaling_json(const RopeConfig& rope) {
  switch (rope.scaling) {
    case RopeScaling::None:
      break;
    case RopeScaling::LinearPositions:
      return Json{{"factor", rope.factor}, {"rope_type", "linear"}, {"type", "linear"}};
    case RopeScaling::Llama3:
      return Json{{"factor", rope.factor},
                  {"high_freq_factor", rope.high_frequency_factor},
                  {"low_freq_factor", rope.low_frequency_factor},
                  {"original_max_position_embeddings", rope.original_max_positions},
                  {"rope_type", "llama3"}};
  }
  return nullptr;
}

}  // namespace salient
