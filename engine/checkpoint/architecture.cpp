// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/architecture.h"

#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/architecture_rows.h"
#include "engine/checkpoint/config_keys.h"
#include "engine/checkpoint/foreign_text.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, kSites.size()> kSiteNames = {
    "attention input", "attention output", "MLP input", "MLP hidden"};
constexpr std::array<std::string_view, kSites.size()> kSiteKeys = {
    "attention_input", "attention_output", "mlp_input", "mlp_hidden"};
constexpr std::array<std::string_view, kLinearRoles.size()> kShortNames = {"q",    "k",  "v",   "o",
                                                                           "gate", "up", "down"};

bool is_of(const Architecture& row, std::string_view config_type) {
  return std::ranges::find(row.config_types, config_type) != row.config_types.end();
}

bool fits(const FormKey& key, const Json& config) {
  const Json* value = find_key(config, key.key);
  if (value == nullptr) return key.when_absent == WhenAbsent::Fits;
  return *value == Json::parse(key.value);
}

/// The first key of the form that the config does not fit; nullptr when it fits.
const FormKey* misfit(const Architecture& row, const Json& config) {
  const auto found =
      std::ranges::find_if(row.form, [&](const FormKey& key) { return !fits(key, config); });
  return found == row.form.end() ? nullptr : &*found;
}

/// "a, b, c": each once, sorted.
std::string listed(std::vector<std::string_view> names) {
  std::ranges::sort(names);
  const auto twins = std::ranges::unique(names);
  names.erase(twins.begin(), twins.end());
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

}  // namespace

std::string_view name_of(Site site) {
  return kSiteNames[index_of(site)];
}

std::string_view key_of(Site site) {
  return kSiteKeys[index_of(site)];
}

std::string_view short_name(LinearRole role) {
  return kShortNames[index_of(role)];
}

const LinearRow& Architecture::row(LinearRole role) const {
  const auto found = std::ranges::find(linears, role, &LinearRow::role);
  if (found == linears.end()) throw std::logic_error("the architecture has no such linear");
  return *found;
}

bool Architecture::has(LinearRole role) const {
  return std::ranges::find(linears, role, &LinearRow::role) != linears.end();
}

bool Architecture::has(Site site) const {
  return std::ranges::find(linears, site, &LinearRow::input) != linears.end();
}

std::size_t Architecture::place_of(LinearRole role) const {
  return static_cast<std::size_t>(&row(role) - linears.data());
}

const ScaleGroupRow& Architecture::group_at(Site site) const {
  const auto found = std::ranges::find(scale_groups, site, &ScaleGroupRow::input);
  if (found == scale_groups.end()) throw std::logic_error("the architecture has no such group");
  return *found;
}

std::string Architecture::linear_name(std::int64_t block, LinearRole role) const {
  const LinearRow& linear = row(role);
  std::string name = block_tensor(block, linear.tensor);
  if (linear.rows != RowLayout::Own) name.append(".").append(short_name(role));
  return name;
}

std::string Architecture::block_tensor(std::int64_t block, std::string_view below) const {
  return std::string(block_prefix) + std::to_string(block) + "." + std::string(below);
}

bool Architecture::stored_as_used() const {
  return orientation == Orientation::OutByIn &&
         std::ranges::all_of(linears, [](const auto& l) { return l.rows == RowLayout::Own; });
}

std::vector<const Architecture*> architectures() {
  std::vector<const Architecture*> all;
  for (const auto part : {rows::gated(), rows::plain(), rows::falcon()}) {
    for (const Architecture& row : part) all.push_back(&row);
  }
  return all;
}

const Architecture* find_architecture(std::string_view model_type) {
  const auto all = architectures();
  const auto found = std::ranges::find(all, model_type, &Architecture::model_type);
  return found == all.end() ? nullptr : *found;
}

const Architecture* find_gguf_architecture(std::string_view gguf_architecture) {
  const auto all = architectures();
  const auto found = std::ranges::find(all, gguf_architecture, &Architecture::gguf_architecture);
  return found == all.end() || gguf_architecture.empty() ? nullptr : *found;
}

const Architecture& architecture_of(const Json& config, const std::string& file) {
  const ConfigKeys keys(config, file);
  const std::optional<std::string> type = keys.text("model_type");
  if (!type) keys.refuse("model_type", "is missing");
  const FormKey* nearest = nullptr;
  for (const Architecture* row : architectures()) {
    if (!is_of(*row, *type)) continue;
    nearest = misfit(*row, config);
    if (nearest == nullptr) return *row;
  }
  if (nearest == nullptr) {
    keys.refuse_unsupported("model_type",
                            in_quotes(*type) + " is not supported, known: " + known_model_types());
  }
  const Json* value = find_key(config, nearest->key);
  keys.refuse_unsupported(nearest->key, "is " + (value == nullptr ? "absent" : shown(*value)) +
                                            ", and no form of " + escaped(*type) +
                                            " that is known has this beside its other keys");
}

std::string known_model_types() {
  std::vector<std::string_view> types;
  for (const Architecture* row : architectures()) {
    types.insert(types.end(), row->config_types.begin(), row->config_types.end());
  }
  return listed(std::move(types));
}

std::string known_gguf_architectures() {
  std::vector<std::string_view> names;
  for (const Architecture* row : architectures()) {
    if (!row->gguf_architecture.empty()) names.push_back(row->gguf_architecture);
  }
  return listed(std::move(names));
}

const Json* find_key(const Json& config, std::string_view key) {
  const std::size_t dot = key.find('.');
  if (!config.is_object()) return nullptr;
  const auto found = config.find(std::string(key.substr(0, dot)));
  if (found == config.end() || found->is_null()) return nullptr;
  return dot == std::string_view::npos ? &*found : find_key(*found, key.substr(dot + 1));
}

Shape linear_shape(const ModelConfig& config, LinearRole role) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t intermediate = config.intermediate_size;
  switch (role) {
    case LinearRole::Query:
      return {config.num_heads * config.head_dim, hidden};
    case LinearRole::Key:
    case LinearRole::Value:
      return {config.num_kv_heads * config.head_dim, hidden};
    case LinearRole::Output:
      return {hidden, config.num_heads * config.head_dim};
    case LinearRole::Gate:
    case LinearRole::Up:
      return {intermediate, hidden};
    case LinearRole::Down:
      return {hidden, intermediate};
  }
  return {};
}

bool has_bias(const ModelConfig& config, const LinearRow& row) {
  switch (row.bias) {
    case BiasRule::AttentionBias:
      return config.attention_bias;
    case BiasRule::AttentionOutputBias:
      return config.attention_output_bias;
    case BiasRule::MlpBias:
      return config.mlp_bias;
  }
  return false;
}

std::string bias_of(std::string_view weight) {
  constexpr std::string_view kWeight = "weight";
  return std::string(weight.substr(0, weight.size() - kWeight.size())) + "bias";
}

}  // namespace salient
