// SPDX-License-Identifier: Apache-2.0
#include "engine/model/architecture.h"

#include <algorithm>
#include <stdexcept>

namespace salient {
namespace {

constexpr std::array kLlamaLinears = {
    LinearRow{LinearRole::Query, "self_attn.q_proj", Site::AttentionInput, ClipRule::Search,
              BiasRule::AttentionBias},
    LinearRow{LinearRole::Key, "self_attn.k_proj", Site::AttentionInput, ClipRule::Search,
              BiasRule::AttentionBias},
    LinearRow{LinearRole::Value, "self_attn.v_proj", Site::AttentionInput, ClipRule::Search,
              BiasRule::AttentionBias},
    LinearRow{LinearRole::Output, "self_attn.o_proj", Site::AttentionOutput, ClipRule::Search,
              BiasRule::AttentionBias},
    LinearRow{LinearRole::Gate, "mlp.gate_proj", Site::MlpInput, ClipRule::Search,
              BiasRule::MlpBias},
    LinearRow{LinearRole::Up, "mlp.up_proj", Site::MlpInput, ClipRule::Search, BiasRule::MlpBias},
    LinearRow{LinearRole::Down, "mlp.down_proj", Site::MlpHidden, ClipRule::Search,
              BiasRule::MlpBias},
};

constexpr std::array kQueryKeyValue = {LinearRole::Query, LinearRole::Key, LinearRole::Value};
constexpr std::array kOutput = {LinearRole::Output};
constexpr std::array kGateUp = {LinearRole::Gate, LinearRole::Up};
constexpr std::array kDown = {LinearRole::Down};

constexpr std::array kLlamaScaleGroups = {
    ScaleGroupRow{Producer::AttentionNorm, kQueryKeyValue, Site::AttentionInput},
    ScaleGroupRow{Producer::Value, kOutput, Site::AttentionOutput},
    ScaleGroupRow{Producer::MlpNorm, kGateUp, Site::MlpInput},
    ScaleGroupRow{Producer::Up, kDown, Site::MlpHidden},
};

constexpr std::array kArchitectures = {
    Architecture{.model_type = "llama",
                 .display_name = "Llama",
                 .embedding = "model.embed_tokens.weight",
                 .block_prefix = "model.layers.",
                 .attention_norm = "input_layernorm.weight",
                 .mlp_norm = "post_attention_layernorm.weight",
                 .final_norm = "model.norm.weight",
                 .head = "lm_head.weight",
                 .linears = kLlamaLinears,
                 .scale_groups = kLlamaScaleGroups},
};

constexpr std::array<std::string_view, kSites.size()> kSiteNames = {
    "attention input", "attention output", "MLP input", "MLP hidden"};
constexpr std::array<std::string_view, kSites.size()> kSiteKeys = {
    "attention_input", "attention_output", "mlp_input", "mlp_hidden"};
constexpr std::array<std::string_view, kLinearRoles.size()> kShortNames = {"q",    "k",  "v",   "o",
                                                                           "gate", "up", "down"};

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
  const auto found =
      std::find_if(linears.begin(), linears.end(), [&](const auto& r) { return r.role == role; });
  if (found == linears.end()) throw std::logic_error("the architecture has no such linear");
  return *found;
}

const ScaleGroupRow& Architecture::group_at(Site site) const {
  const auto found = std::find_if(scale_groups.begin(), scale_groups.end(),
                                  [&](const auto& group) { return group.input == site; });
  if (found == scale_groups.end()) throw std::logic_error("the architecture has no such group");
  return *found;
}

std::string Architecture::linear_name(std::int64_t block, LinearRole role) const {
  return block_tensor(block, row(role).tensor);
}

std::string Architecture::block_tensor(std::int64_t block, std::string_view below) const {
  return std::string(block_prefix) + std::to_string(block) + "." + std::string(below);
}

const Architecture* find_architecture(std::string_view model_type) {
  const auto* found =
      std::find_if(kArchitectures.begin(), kArchitectures.end(),
                   [&](const Architecture& row) { return row.model_type == model_type; });
  return found == kArchitectures.end() ? nullptr : found;
}

std::span<const Architecture> architectures() {
  return kArchitectures;
}

}  // namespace salient
