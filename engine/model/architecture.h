// SPDX-License-Identifier: Apache-2.0
#pragma once

// One row of data per model family: tensor names, what is quantizable, and which scales fold where.
// The decoder reads the row; nothing else knows a family. A new variation point is an enum here.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

enum class LinearRole { Query, Key, Value, Output, Gate, Up, Down };
inline constexpr std::array kLinearRoles = {LinearRole::Query,  LinearRole::Key,  LinearRole::Value,
                                            LinearRole::Output, LinearRole::Gate, LinearRole::Up,
                                            LinearRole::Down};
constexpr std::size_t index_of(LinearRole role) {
  return static_cast<std::size_t>(role);
}

/// The distinct linear inputs of a block: one Gram matrix each.
enum class Site { AttentionInput, AttentionOutput, MlpInput, MlpHidden };
inline constexpr std::array kSites = {Site::AttentionInput, Site::AttentionOutput, Site::MlpInput,
                                      Site::MlpHidden};
constexpr std::size_t index_of(Site site) {
  return static_cast<std::size_t>(site);
}
/// "attention input", ... for people.
std::string_view name_of(Site site);
/// "attention_input", ... for files.
std::string_view key_of(Site site);

/// Whether the clip search may touch a linear. llm-awq spares q and k, whose product is taken; with
/// rows that a clip would harm left alone, clipping them helps too.
enum class ClipRule { Search, Never };

/// Which key of the config says that a linear has a bias.
enum class BiasRule { AttentionBias, MlpBias };

struct LinearRow {
  LinearRole role;
  std::string_view tensor;  ///< below the block: "self_attn.q_proj"
  Site input;
  ClipRule clip;
  BiasRule bias;
};

/// What absorbs 1/s, so that consumers' columns can be multiplied by s.
enum class Producer {
  AttentionNorm,  ///< norm weight / s
  MlpNorm,
  Value,  ///< rows of v_proj / s; one s per KV head channel, shared by its query heads
  Up,     ///< rows of up_proj / s: down's input is act(gate)·up, linear in up
};

struct ScaleGroupRow {
  Producer producer;
  std::span<const LinearRole> consumers;
  Site input;
};

struct Architecture {
  std::string_view model_type;      ///< "llama"
  std::string_view display_name;    ///< "Llama"
  std::string_view embedding;       ///< "model.embed_tokens.weight"
  std::string_view block_prefix;    ///< "model.layers."
  std::string_view attention_norm;  ///< below the block: "input_layernorm.weight"
  std::string_view mlp_norm;
  std::string_view final_norm;  ///< "model.norm.weight"
  std::string_view head;        ///< "lm_head.weight"
  std::span<const LinearRow> linears;
  std::span<const ScaleGroupRow> scale_groups;

  const LinearRow& row(LinearRole role) const;
  /// The group whose consumers take `site`.
  const ScaleGroupRow& group_at(Site site) const;
  /// "model.layers.3.self_attn.q_proj".
  std::string linear_name(std::int64_t block, LinearRole role) const;
  std::string block_tensor(std::int64_t block, std::string_view below) const;
};

/// Nothing known: nullptr.
const Architecture* find_architecture(std::string_view model_type);
std::span<const Architecture> architectures();

/// Names one linear of a model: the selection that every view shares.
struct LinearId {
  std::int64_t block = 0;
  LinearRole role = LinearRole::Query;
  auto operator<=>(const LinearId&) const = default;
};
/// "q", "k", "v", "o", "gate", "up", "down".
std::string_view short_name(LinearRole role);

}  // namespace salient
