// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/rope_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

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
  std::string key;
};

RopeObject find_rope_object(const ConfigKeys& keys) {
  for (const std::string_view key : {"rope_parameters", "rope_scaling"}) {
    const Json* object = keys.find(key);
    if (object == nullptr) continue;
    if (!object->is_object()) keys.refuse(key, "is " + shown(*object) + ", an object is needed");
    return {object, std::string(key)};
  }
  return {};
}

/// Keys that another scaling would honour must not be passed over in silence.
void check_known_keys(const Json& object, const ConfigKeys& keys, RopeScaling scaling) {
  static constexpr std::array<std::string_view, 8> kAlways = {"type",
                                                              "rope_type",
                                                              "rope_theta",
                                                              "factor",
                                                              "low_freq_factor",
                                                              "high_freq_factor",
                                                              "original_max_position_embeddings",
                                                              "partial_rotary_factor"};
  static constexpr std::array<std::string_view, 7> kYarn = {
      "attention_factor", "beta_fast", "beta_slow", "mscale",
      "mscale_all_dim",   "truncate",  "finetuned"};
  static constexpr std::array<std::string_view, 3> kLong = {"attention_factor", "short_factor",
                                                            "long_factor"};
  const auto is_in = [](const auto& list, std::string_view key) {
    return std::ranges::find(list, key) != list.end();
  };
  for (const auto& [key, value] : object.items()) {
    if (value.is_null() || is_in(kAlways, key)) continue;
    if (scaling == RopeScaling::Yarn && is_in(kYarn, key)) continue;
    if (scaling == RopeScaling::Long && is_in(kLong, key)) continue;
    keys.refuse_unsupported(escaped(key), "is not supported");
  }
}

RopeScaling scaling_of(const ConfigKeys& keys) {
  struct Named {
    std::string_view name;
    RopeScaling scaling;
  };
  static constexpr std::array<Named, 7> kNamed = {{{"default", RopeScaling::None},
                                                   {"linear", RopeScaling::LinearPositions},
                                                   {"llama3", RopeScaling::Llama3},
                                                   {"dynamic", RopeScaling::Dynamic},
                                                   {"yarn", RopeScaling::Yarn},
                                                   {"longrope", RopeScaling::Long},
                                                   {"su", RopeScaling::Long}}};
  const std::string type = keys.text("rope_type").value_or(keys.text("type").value_or("default"));
  const auto* found = std::ranges::find(kNamed, type, &Named::name);
  if (found == kNamed.end()) {
    keys.refuse_unsupported("rope_type", "is " + in_quotes(type) +
                                             ", known are \"default\", \"linear\", \"dynamic\", "
                                             "\"llama3\", \"yarn\" and \"longrope\"");
  }
  // Early files of Phi-3 call theirs "yarn".
  const bool lists = keys.has("short_factor") && keys.has("long_factor");
  return found->scaling == RopeScaling::Yarn && lists ? RopeScaling::Long : found->scaling;
}

std::vector<double> read_factors(const ConfigKeys& keys, std::string_view key,
                                 std::int64_t rotary_dim) {
  const Json* list = keys.find(key);
  if (list == nullptr) keys.refuse(key, "is missing");
  if (!list->is_array() || static_cast<std::int64_t>(list->size()) != rotary_dim / 2) {
    keys.refuse(key, "is " + shown(*list) + ", a list of " + std::to_string(rotary_dim / 2) +
                         " numbers is needed");
  }
  std::vector<double> factors;
  for (const Json& item : *list) {
    const bool fits =
        item.is_number() && item.get<double>() >= kMinFactor && item.get<double>() <= kMaxFactor;
    if (!fits) keys.refuse(key, "holds " + shown(item) + ", a positive number is needed");
    factors.push_back(item.get<double>());
  }
  return factors;
}

double yarn_magnitude(double factor, double mscale) {
  return factor <= 1 ? 1.0 : 0.1 * mscale * std::log(factor) + 1.0;
}

void read_yarn(const ConfigKeys& keys, RopeConfig& rope) {
  rope.beta_fast = keys.real_or("beta_fast", kMinFactor, kMaxFactor, 32);
  rope.beta_slow = keys.real_or("beta_slow", kMinFactor, kMaxFactor, 1);
  rope.truncate = keys.boolean_or("truncate", true);
  const double mscale = keys.real_or("mscale", 0, kMaxFactor, 0);
  const double all = keys.real_or("mscale_all_dim", 0, kMaxFactor, 0);
  const double usual = mscale != 0 && all != 0
                           ? yarn_magnitude(rope.factor, mscale) / yarn_magnitude(rope.factor, all)
                           : yarn_magnitude(rope.factor, 1);
  rope.magnitude = keys.real_or("attention_factor", kMinFactor, kMaxFactor, usual);
}

void read_long(const ConfigKeys& keys, const RopeDefaults& defaults, std::int64_t rotary_dim,
               RopeConfig& rope) {
  rope.short_factors = read_factors(keys, "short_factor", rotary_dim);
  rope.long_factors = read_factors(keys, "long_factor", rotary_dim);
  const auto original = static_cast<double>(rope.original_max_positions);
  rope.factor = keys.real_or("factor", kMinFactor, kMaxFactor,
                             static_cast<double>(defaults.max_positions) / original);
  const double usual = rope.factor <= 1 || original <= 1
                           ? 1.0
                           : std::sqrt(1 + std::log(rope.factor) / std::log(original));
  rope.magnitude = keys.real_or("attention_factor", kMinFactor, kMaxFactor, usual);
}

void read_llama3(const ConfigKeys& keys, RopeConfig& rope) {
  rope.low_frequency_factor = keys.real_or("low_freq_factor", kMinFactor, kMaxFactor, 1.0);
  rope.high_frequency_factor = keys.real_or("high_freq_factor", kMinFactor, kMaxFactor, 4.0);
  if (rope.high_frequency_factor > rope.low_frequency_factor) return;
  keys.refuse("high_freq_factor", "is not above low_freq_factor");
}

void read_scaling(const ConfigKeys& keys, const RopeDefaults& defaults,
                  std::int64_t original_positions, std::int64_t rotary_dim, RopeConfig& rope) {
  rope.scaling = scaling_of(keys);
  if (rope.scaling == RopeScaling::None) return;
  rope.original_max_positions = keys.integer_or("original_max_position_embeddings", 1,
                                                limits::kPositions, original_positions);
  if (rope.scaling == RopeScaling::Long) return read_long(keys, defaults, rotary_dim, rope);
  if (!keys.has("factor")) keys.refuse("factor", "is missing");
  rope.factor = keys.real_or("factor", kMinFactor, kMaxFactor, 1.0);
  if (rope.scaling == RopeScaling::Llama3) read_llama3(keys, rope);
  if (rope.scaling == RopeScaling::Yarn) read_yarn(keys, rope);
  if (rope.scaling == RopeScaling::Dynamic) rope.original_max_positions = defaults.max_positions;
}

std::int64_t read_rotary_dim(const ConfigKeys& keys, const ConfigKeys* inner,
                             const RopeDefaults& defaults) {
  double share = keys.real_or("rotary_pct", 0.0, 1.0, defaults.rotary_share);
  share = keys.real_or("partial_rotary_factor", 0.0, 1.0, share);
  if (inner != nullptr) share = inner->real_or("partial_rotary_factor", 0.0, 1.0, share);
  const auto dim = static_cast<std::int64_t>(static_cast<double>(defaults.head_dim) * share);
  if (dim < 1) keys.refuse("partial_rotary_factor", "leaves nothing of a head to turn");
  return dim;
}

/// One set of keys: those of the config, or those that it has for one kind of layer.
RopeConfig read_one(const RopeObject& found, const ConfigKeys& keys, const std::string& file,
                    const RopeDefaults& defaults, double theta, std::int64_t rotary_dim,
                    std::vector<std::string>& warnings) {
  RopeConfig rope;
  rope.theta = theta;
  if (found.object == nullptr) return rope;
  const ConfigKeys inner(*found.object, file, found.key + ".");
  const std::int64_t original = keys.integer_or("original_max_position_embeddings", 1,
                                                limits::kPositions, defaults.max_positions);
  read_scaling(inner, defaults, original, rotary_dim, rope);
  check_known_keys(*found.object, inner, rope.scaling);
  rope.theta = inner.real_or("rope_theta", kMinTheta, kMaxTheta, theta);
  if (keys.has("rope_theta") && rope.theta != theta) {
    warnings.push_back(file + ": rope_theta and " + found.key +
                       ".rope_theta differ, the latter is used");
  }
  return rope;
}

}  // namespace

ParsedRope parse_rope(const Json& config, const std::string& file, const RopeDefaults& defaults,
                      std::vector<std::string>& warnings) {
  const ConfigKeys keys(config, file);
  RopeObject found = find_rope_object(keys);
  RopeObject window;
  if (found.object != nullptr && found.object->contains("full_attention")) {
    const ConfigKeys kinds(*found.object, file, found.key + ".");
    const auto of_kind = [&](std::string_view kind) -> RopeObject {
      const Json* object = kinds.find(kind);
      if (object != nullptr && !object->is_object()) kinds.refuse(kind, "is " + shown(*object));
      return {object, found.key + "." + std::string(kind)};
    };
    window = of_kind("sliding_attention");
    found = of_kind("full_attention");
  }
  double theta = keys.real_or("rotary_emb_base", kMinTheta, kMaxTheta, defaults.theta);
  theta = keys.real_or("rope_theta", kMinTheta, kMaxTheta, theta);
  ParsedRope parsed;
  if (found.object == nullptr) {
    parsed.rotary_dim = read_rotary_dim(keys, nullptr, defaults);
  } else {
    const ConfigKeys inner(*found.object, file, found.key + ".");
    parsed.rotary_dim = read_rotary_dim(keys, &inner, defaults);
  }
  parsed.rope = read_one(found, keys, file, defaults, theta, parsed.rotary_dim, warnings);
  if (defaults.window_theta == 0) return parsed;
  const double window_theta =
      keys.real_or("rope_local_base_freq", kMinTheta, kMaxTheta, defaults.window_theta);
  parsed.window_rope =
      read_one(window, keys, file, defaults, window_theta, parsed.rotary_dim, warnings);
  return parsed;
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
    case RopeScaling::Dynamic:
      return Json{{"factor", rope.factor}, {"rope_type", "dynamic"}, {"type", "dynamic"}};
    case RopeScaling::Yarn:
      return Json{{"attention_factor", rope.magnitude},
                  {"beta_fast", rope.beta_fast},
                  {"beta_slow", rope.beta_slow},
                  {"factor", rope.factor},
                  {"original_max_position_embeddings", rope.original_max_positions},
                  {"rope_type", "yarn"}};
    case RopeScaling::Long:
      return Json{{"attention_factor", rope.magnitude},
                  {"long_factor", rope.long_factors},
                  {"original_max_position_embeddings", rope.original_max_positions},
                  {"rope_type", "longrope"},
                  {"short_factor", rope.short_factors}};
  }
  return nullptr;
}

}  // namespace salient
