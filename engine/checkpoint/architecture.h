// SPDX-License-Identifier: Apache-2.0
#pragma once

// One row of data per model family, or per form of one: how its config and its tensors look, what
// is computed, what is quantizable, and which scales fold where. The readers and the decoder read
// the row; nothing else knows a family. A new variation point is an enum or a field here.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/backend/backend.h"
#include "engine/checkpoint/model_config.h"
#include "engine/tensor/tensor.h"

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

/// Which bias of the config a linear has.
enum class BiasRule { AttentionBias, AttentionOutputBias, MlpBias };

/// How the rows of a linear stand in the tensor that stores them.
enum class RowLayout {
  Own,        ///< the tensor is this linear
  Stacked,    ///< all rows of one role, then all of the next
  PerKvHead,  ///< KV head by KV head: the queries that it serves, its key, its value
};

struct LinearRow {
  LinearRole role;
  std::string_view tensor;  ///< below the block: "self_attn.q_proj"; roles of a fused one share it
  Site input;
  ClipRule clip;
  BiasRule bias;
  RowLayout rows = RowLayout::Own;
};

/// What absorbs 1/s, so that consumers' columns can be multiplied by s.
enum class Producer {
  AttentionNorm,  ///< norm weight (and bias) / s
  MlpNorm,
  Value,  ///< rows of v_proj / s; one s per KV head channel, shared by its query heads
  Up,     ///< rows of up_proj / s: down's input is act(gate)·up, or ReLU(up)
  None,   ///< nothing can: the inputs keep s = 1
};

struct ScaleGroupRow {
  Producer producer;
  std::span<const LinearRole> consumers;
  Site input;
};

/// Where a block normalizes.
enum class NormPlacement {
  Before,  ///< x += f(norm(x))
  After,   ///< x = norm(x + f(x))
  Around,  ///< x += post_norm(f(norm(x)))
};

enum class Residual {
  Sequential,  ///< the MLP reads what the attention has left
  Parallel,    ///< both read the block's input
};

enum class EmbeddingScale { None, SqrtHidden };

/// How a matrix is stored.
enum class Orientation { OutByIn, InByOut };

/// A boolean of the config: `absent` where it has no such key.
struct ConfigFlag {
  std::string_view key;  ///< empty: always `absent`
  bool absent = false;
};

/// A config key and its one value as JSON text.
struct ConfigValue {
  std::string_view key;  ///< "attn_config.qk_ln" for a key of an object
  std::string_view value;
};

/// How the slopes of heads beyond a power of two are chosen.
enum class AlibiSlopes { Interleaved, Mpt };

enum class WhenAbsent { Fits, DoesNot };

/// A key that tells the forms of a family apart.
struct FormKey {
  std::string_view key;
  std::string_view value;  ///< as JSON text
  WhenAbsent when_absent;
};

enum class KvHeads { FromConfig, AsHeads, One };

/// Which layers see a window only.
enum class WindowRule {
  None,
  Every,        ///< sliding_window, where it is set
  Switched,     ///< if use_sliding_window, from max_window_layers on
  Alternating,  ///< the first, the third, …
  AllButSixth,  ///< five of six, or by sliding_window_pattern
};

/// What a config means where it is silent.
struct ConfigRules {
  double norm_eps = 1e-6;
  std::int64_t intermediate_per_hidden = 0;  ///< 0: the config must give the size
  std::int64_t head_dim = 0;                 ///< 0: hidden_size / num_attention_heads
  std::int64_t max_positions = 2048;
  double rope_theta = 10000.0;
  double rotary_share = 1.0;  ///< of a head's numbers
  Activation activation = Activation::Silu;
  ConfigFlag attention_bias = {"attention_bias"};
  ConfigFlag attention_output_bias = {"attention_bias"};
  ConfigFlag mlp_bias = {"mlp_bias"};
  ConfigFlag tied_head = {"tie_word_embeddings"};
  ConfigFlag alibi = {};
  KvHeads kv_heads = KvHeads::FromConfig;
  WindowRule windows = WindowRule::None;
  std::int64_t window = 0;  ///< where the config says nothing of sliding_window
  double score_cap = 0, logit_cap = 0;
  double score_divisor = 0;      ///< query_pre_attn_scalar; 0: head_dim
  double window_rope_theta = 0;  ///< of the layers with a window; 0: the same
  /// Keys whose other values would change the computation in a way that is not done here.
  std::span<const ConfigValue> only = {};
};

struct Architecture {
  std::string_view model_type;  ///< key of the table: the config's, or that of a form
  std::string_view display_name;
  std::string_view class_name;                     ///< in config.json's architectures
  std::span<const std::string_view> config_types;  ///< model_type of config.json
  std::span<const FormKey> form = {};              ///< what tells this form from the others
  std::string_view gguf_architecture = {};         ///< general.architecture; empty: not read
  bool gguf_rotary_rows = false;                   ///< llama.cpp's order of q and k rows
  ConfigRules config = {};

  NormKind norm = NormKind::Rms;
  NormPlacement placement = NormPlacement::Before;
  Residual residual = Residual::Sequential;
  float norm_offset = 0;  ///< is added to the stored norm weights
  bool norm_bias = false;
  PositionKind positions = PositionKind::Rotary;
  AlibiForm alibi_form = AlibiForm::Distance;
  AlibiSlopes alibi_slopes = AlibiSlopes::Interleaved;
  std::int64_t position_offset = 0;  ///< row of the position table that position 0 takes
  EmbeddingScale embedding_scale = EmbeddingScale::None;
  Orientation orientation = Orientation::OutByIn;  ///< of the blocks' linears

  /// Files may lack what stands before the embedding's own name, or have another.
  std::string_view embedding = "model.embed_tokens.weight";
  std::string_view position_table = {};  ///< PositionKind::Learned
  std::string_view embedding_norm = {};  ///< empty: none, as below
  std::string_view project_in = {};      ///< where the embedding is narrower than the blocks
  std::string_view project_out = {};
  std::string_view block_prefix = "model.layers.";
  std::string_view attention_norm = "input_layernorm.weight";     ///< below the block
  std::string_view mlp_norm = "post_attention_layernorm.weight";  ///< empty: the attention's
  std::string_view attention_post_norm = {};
  std::string_view mlp_post_norm = {};
  std::string_view query_norm = {};
  std::string_view key_norm = {};
  std::string_view final_norm = "model.norm.weight";
  std::string_view head = "lm_head.weight";
  std::span<const LinearRow> linears = {};
  std::span<const ScaleGroupRow> scale_groups = {};

  const LinearRow& row(LinearRole role) const;
  bool has(LinearRole role) const;
  bool has(Site site) const;
  /// Linears of the block before `role`: its place in lists of them.
  std::size_t place_of(LinearRole role) const;
  /// The group whose consumers take `site`.
  const ScaleGroupRow& group_at(Site site) const;
  /// "model.layers.3.self_attn.q_proj"; a part of a fused tensor ends in its short name,
  /// "transformer.h.3.attn.c_attn.q".
  std::string linear_name(std::int64_t block, LinearRole role) const;
  std::string block_tensor(std::int64_t block, std::string_view below) const;
  /// Whether the files hold the linears as they are used: one tensor each, [out, in].
  bool stored_as_used() const;
};

/// Nothing known: nullptr.
const Architecture* find_architecture(std::string_view model_type);
const Architecture* find_gguf_architecture(std::string_view gguf_architecture);
/// The row of a config; Error(Unsupported) naming the key that no row has. `file` for sentences.
const Architecture& architecture_of(const nlohmann::ordered_json& config, const std::string& file);
std::vector<const Architecture*> architectures();
/// "gemma, llama, …": the known model types, for a sentence.
std::string known_model_types();
std::string known_gguf_architectures();

/// The config's value of a key, also below an object ("attn_config.alibi"); nullptr when absent or
/// null.
const nlohmann::ordered_json* find_key(const nlohmann::ordered_json& config, std::string_view key);

/// [out_features, in_features] that the config asks of a linear, and whether it has a bias.
Shape linear_shape(const ModelConfig& config, LinearRole role);
bool has_bias(const ModelConfig& config, const LinearRow& row);
/// "model.norm.bias" of "model.norm.weight".
std::string bias_of(std::string_view weight);

struct ExpectedTensor {
  std::string name;
  Shape shape;
};
/// Every tensor that a checkpoint with this config must hold, as they are used: parts of fused
/// tensors on their own. The head included unless it is tied.
std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config);
/// Those that quantization leaves as they are, of one block and of the whole model: norms that no
/// scale is folded into. [features] each.
std::vector<ExpectedTensor> kept_vectors(const ModelConfig& config, std::int64_t block);
/// Embedding, positions, projections, final norm and, unless tied, the head.
std::vector<ExpectedTensor> table_tensors(const ModelConfig& config);

/// Buffers that old exports carry along and nobody reads.
bool is_known_extra(std::string_view name);

/// Names one linear of a model: the selection that every view shares.
struct LinearId {
  std::int64_t block = 0;
  LinearRole role = LinearRole::Query;
  auto operator<=>(const LinearId&) const = default;
};
/// "q", "k", "v", "o", "gate", "up", "down".
std::string_view short_name(LinearRole role);

}  // namespace salient
