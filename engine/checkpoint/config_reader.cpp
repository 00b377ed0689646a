// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/config_reader.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/config_keys.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/rope_reader.h"
#include "engine/checkpoint/window_reader.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMinEps = 1e-20;
constexpr double kMaxEps = 0.1;
constexpr double kMaxCap = 1e6;

/// What one size is called over the years; the first is the name that errors use.
constexpr auto kHiddenSize = {"hidden_size", "n_embd", "n_embed", "d_model"};
constexpr auto kIntermediateSize = {"intermediate_size", "ffn_dim", "n_inner", "ffn_hidden_size"};
constexpr auto kLayers = {"num_hidden_layers", "n_layer", "n_layers"};
constexpr auto kHeads = {"num_attention_heads", "n_head", "n_heads"};
constexpr auto kKvHeads = {"num_key_value_heads", "num_kv_heads", "n_head_kv"};
constexpr auto kPositions = {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length"};
constexpr auto kEps = {"rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon"};
constexpr auto kActivation = {"hidden_activation", "hidden_act", "activation_function",
                              "activation"};

/// The name that the config uses.
template <class List>
std::string_view used(const ConfigKeys& keys, const List& names) {
  for (const std::string_view name : names) {
    if (keys.has(name)) return name;
  }
  return *names.begin();
}

/// 1 and 1.0 are the same value here.
bool same_value(const Json& value, std::string_view only) {
  const Json allowed = Json::parse(only);
  if (value.is_number() && allowed.is_number()) return value.get<double>() == allowed.get<double>();
  return value == allowed;
}

void check_variant(const Architecture& row, const Json& config, const ConfigKeys& keys,
                   std::vector<std::string>& warnings, const std::string& file) {
  for (const ConfigValue& fixed : row.config.only) {
    const Json* value = find_key(config, fixed.key);
    if (value == nullptr || same_value(*value, fixed.value)) continue;
    keys.refuse_unsupported(fixed.key, "is " + shown(*value) + ", which " +
                                           std::string(row.config_types.front()) +
                                           " models here do not support");
  }
  if (keys.has("auto_map")) {
    warnings.push_back(file + ": auto_map names Python code, which is never run");
  }
}

Activation read_activation(const ConfigKeys& keys, const Architecture& row) {
  struct Named {
    std::string_view name;
    Activation activation;
  };
  static constexpr std::array<Named, 8> kNamed = {{{"silu", Activation::Silu},
                                                   {"swish", Activation::Silu},
                                                   {"relu", Activation::Relu},
                                                   {"gelu", Activation::GeluErf},
                                                   {"gelu_python", Activation::GeluErf},
                                                   {"gelu_new", Activation::GeluTanh},
                                                   {"gelu_fast", Activation::GeluTanh},
                                                   {"gelu_pytorch_tanh", Activation::GeluTanh}}};
  const std::string_view key = used(keys, kActivation);
  const std::optional<std::string> name = keys.text(key);
  if (!name) return row.config.activation;
  const auto* found = std::ranges::find(kNamed, *name, &Named::name);
  if (found == kNamed.end()) {
    keys.refuse_unsupported(key, "is " + in_quotes(*name) +
                                     ", known are \"silu\", \"relu\", \"gelu\" and "
                                     "\"gelu_pytorch_tanh\"");
  }
  // Early configs of families that have only known one GELU call it by the other's name.
  const bool one_gelu = row.config.activation == Activation::GeluTanh && row.norm_offset != 0;
  return one_gelu && found->activation == Activation::GeluErf ? Activation::GeluTanh
                                                              : found->activation;
}

std::vector<std::int32_t> valid_ids(const std::vector<std::int64_t>& ids, std::int64_t vocab_size,
                                    std::string_view key, const std::string& file,
                                    std::vector<std::string>& warnings) {
  std::vector<std::int32_t> result;
  for (const std::int64_t id : ids) {
    if (id >= 0 && id < vocab_size) {
      result.push_back(static_cast<std::int32_t>(id));
      continue;
    }
    warnings.push_back(file + ": " + std::string(key) + " " + std::to_string(id) +
                       " is outside the vocabulary of " + std::to_string(vocab_size) +
                       " and is ignored");
  }
  return result;
}

std::int64_t read_head_dim(const ConfigKeys& keys, const Architecture& row,
                           const ModelConfig& config) {
  if (keys.has("head_dim")) return keys.integer("head_dim", 1, limits::kHeadDim);
  if (row.config.head_dim != 0) return row.config.head_dim;
  if (config.hidden_size % config.num_heads != 0) {
    keys.refuse(used(keys, kHeads), "is " + std::to_string(config.num_heads) +
                                        ", which does not divide hidden_size " +
                                        std::to_string(config.hidden_size));
  }
  return config.hidden_size / config.num_heads;
}

std::int64_t read_intermediate_size(const ConfigKeys& keys, const Architecture& row,
                                    const ModelConfig& config) {
  const std::string_view key = used(keys, kIntermediateSize);
  const std::int64_t times = row.config.intermediate_per_hidden;
  if (times == 0 || keys.has(key)) return keys.integer(key, 1, limits::kIntermediateSize);
  return config.hidden_size * keys.integer_or("expansion_ratio", 1, 64, times);
}

std::int64_t read_kv_heads(const ConfigKeys& keys, const Architecture& row,
                           std::int64_t num_heads) {
  if (row.config.kv_heads == KvHeads::One) return 1;
  if (row.config.kv_heads == KvHeads::AsHeads) return num_heads;
  return keys.integer_or(used(keys, kKvHeads), 1, limits::kHeads, num_heads);
}

void read_sizes(const ConfigKeys& keys, const Architecture& row, ModelConfig& config) {
  config.hidden_size = keys.integer(used(keys, kHiddenSize), 1, limits::kHiddenSize);
  config.intermediate_size = read_intermediate_size(keys, row, config);
  config.num_layers = keys.integer(used(keys, kLayers), 1, limits::kLayers);
  config.num_heads = keys.integer(used(keys, kHeads), 1, limits::kHeads);
  config.num_kv_heads = read_kv_heads(keys, row, config.num_heads);
  config.head_dim = read_head_dim(keys, row, config);
  config.vocab_size = keys.integer("vocab_size", 1, limits::kVocabulary);
  config.max_positions =
      keys.integer_or(used(keys, kPositions), 1, limits::kPositions, row.config.max_positions);
  const std::int64_t width =
      row.project_in.empty()
          ? config.hidden_size
          : keys.integer_or("word_embed_proj_dim", 1, limits::kHiddenSize, config.hidden_size);
  if (width != config.hidden_size) config.embedding_size = width;
}

bool read_flag(const ConfigKeys& keys, const ConfigFlag& flag) {
  return flag.key.empty() ? flag.absent : keys.boolean_or(flag.key, flag.absent);
}

void read_rotary(const Json& config_json, const std::string& file, const Architecture& row,
                 ModelConfig& config, std::vector<std::string>& warnings) {
  const ParsedRope rope =
      parse_rope(config_json, file,
                 {row.config.rope_theta, row.config.window_rope_theta, row.config.rotary_share,
                  config.max_positions, config.head_dim},
                 warnings);
  config.rope = rope.rope;
  config.window_rope = rope.window_rope;
  config.rotary_dim = rope.rotary_dim == config.head_dim ? 0 : rope.rotary_dim;
}

/// Numbers of the attention that some families have below an object of their own.
void read_attention(const ConfigKeys& keys, const Json& config_json, const std::string& file,
                    const Architecture& row, ModelConfig& config) {
  const ConfigRules& rules = row.config;
  // A key that is null switches a cap off.
  const auto cap = [&](const char* key, double absent) {
    return config_json.contains(key) ? keys.real_or(key, 0, kMaxCap, 0) : absent;
  };
  config.score_cap = cap("attn_logit_softcapping", rules.score_cap);
  config.logit_cap = cap("final_logit_softcapping", rules.logit_cap);
  if (rules.score_divisor != 0) {
    config.score_scale =
        1 / std::sqrt(keys.real_or("query_pre_attn_scalar", 1e-3, 1e6, rules.score_divisor));
  }
  config.score_scale_by_layer = keys.boolean_or("scale_attn_by_inverse_layer_idx", false);
  const Json* below = keys.find("attn_config");
  if (below == nullptr) return;
  if (!below->is_object()) keys.refuse("attn_config", "is " + shown(*below));
  const ConfigKeys inner(*below, file, "attn_config.");
  config.qkv_limit = inner.real_or("clip_qkv", 0, kMaxCap, 0);
  config.score_scale = inner.real_or("softmax_scale", 0, 1e6, 0);
  config.alibi_bias_max = inner.real_or("alibi_bias_max", 1e-3, 1e3, 8);
}

}  // namespace

ModelConfig parse_config(const Json& config_json, const std::string& file,
                         std::vector<std::string>& warnings) {
  if (!config_json.is_object()) {
    throw Error(ErrorKind::BadInput, file + ": is not a JSON object");
  }
  const ConfigKeys keys(config_json, file);
  const Architecture& row = architecture_of(config_json, file);
  check_variant(row, config_json, keys, warnings, file);
  ModelConfig config;
  config.model_type = row.model_type;
  config.activation = read_activation(keys, row);
  read_sizes(keys, row, config);
  config.norm_eps = keys.real_or(used(keys, kEps), kMinEps, kMaxEps, row.config.norm_eps);
  config.positions = read_flag(keys, row.config.alibi) ? PositionKind::Alibi : row.positions;
  if (config.positions == PositionKind::Rotary) {
    read_rotary(config_json, file, row, config, warnings);
  }
  read_windows(config_json, file, row, config);
  read_attention(keys, config_json, file, row, config);
  config.attention_bias = read_flag(keys, row.config.attention_bias);
  config.attention_output_bias = read_flag(keys, row.config.attention_output_bias);
  config.mlp_bias = read_flag(keys, row.config.mlp_bias);
  config.tied_head = read_flag(keys, row.config.tied_head);
  config.bos_ids =
      valid_ids(keys.integers("bos_token_id"), config.vocab_size, "bos_token_id", file, warnings);
  config.eos_ids =
      valid_ids(keys.integers("eos_token_id"), config.vocab_size, "eos_token_id", file, warnings);
  check_consistency(config, file);
  return config;
}

void add_generation_ids(const Json& generation, const std::string& file, ModelConfig& config,
                        std::vector<std::string>& warnings) {
  if (!generation.is_object()) {
    throw Error(ErrorKind::BadInput, file + ": is not a JSON object");
  }
  const ConfigKeys keys(generation, file);
  for (const std::int32_t id : valid_ids(keys.integers("eos_token_id"), config.vocab_size,
                                         "eos_token_id", file, warnings)) {
    const bool known =
        std::find(config.eos_ids.begin(), config.eos_ids.end(), id) != config.eos_ids.end();
    if (!known) config.eos_ids.push_back(id);
  }
}

void check_consistency(const ModelConfig& config, const std::string& file) {
  if (config.num_heads % config.num_kv_heads != 0) {
    throw Error(ErrorKind::BadInput, file + ": " + std::to_string(config.num_kv_heads) +
                                         " key-value heads do not divide " +
                                         std::to_string(config.num_heads) + " attention heads");
  }
  const std::int64_t rotated = config.rotary_dim != 0 ? config.rotary_dim : config.head_dim;
  if (config.positions == PositionKind::Rotary && rotated % 2 != 0) {
    throw Error(ErrorKind::BadInput, file + ": head_dim is " + std::to_string(rotated) +
                                         ", rotary positions need an even one");
  }
  if (config.num_heads * config.head_dim <= limits::kIntermediateSize) return;
  throw Error(ErrorKind::BadInput, file + ": " + std::to_string(config.num_heads) + " heads of " +
                                       std::to_string(config.head_dim) + " make more than " +
                                       std::to_string(limits::kIntermediateSize) + " features");
}

std::string describe_quantization(const Json& config, const std::string& file) {
  const ConfigKeys keys(config, file);
  const Json* found = keys.find("quantization_config");
  if (found == nullptr) return {};
  if (!found->is_object()) keys.refuse("quantization_config", "is " + shown(*found));
  const ConfigKeys inner(*found, file, "quantization_config.");
  std::string method = escaped(inner.text("quant_method").value_or("unknown method"), 40);
  if (method.size() <= 4) {
    for (char& c : method) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  const Json* bits = inner.find("bits");
  if (bits == nullptr || !bits->is_number_unsigned()) return method;
  return method + ", " + std::to_string(bits->get<std::uint64_t>()) + " bit";
}

namespace {

/// What transformers calls it.
const char* activation_name(Activation activation) {
  switch (activation) {
    case Activation::Silu:
      return "silu";
    case Activation::Relu:
      return "relu";
    case Activation::GeluErf:
      return "gelu";
    case Activation::GeluTanh:
      return "gelu_pytorch_tanh";
  }
  return "silu";
}

}  // namespace

Json make_config_json(const ModelConfig& c, const std::string& torch_dtype) {
  const auto one_or_list = [](const std::vector<std::int32_t>& ids) {
    return ids.empty() ? Json(nullptr) : ids.size() == 1 ? Json(ids.front()) : Json(ids);
  };
  const Architecture* row = find_architecture(c.model_type);
  Json json = {
      {"architectures", {row == nullptr ? "" : row->class_name}},
      {"attention_bias", c.attention_bias},
      {"attention_dropout", 0.0},
      {"bos_token_id", one_or_list(c.bos_ids)},
      {"eos_token_id", one_or_list(c.eos_ids)},
      {"head_dim", c.head_dim},
      {"hidden_act", activation_name(c.activation)},
      {"hidden_size", c.hidden_size},
      {"intermediate_size", c.intermediate_size},
      {"max_position_embeddings", c.max_positions},
      {"mlp_bias", c.mlp_bias},
      {"model_type", row == nullptr ? c.model_type : std::string(row->config_types.front())},
      {"num_attention_heads", c.num_heads},
      {"num_hidden_layers", c.num_layers},
      {"num_key_value_heads", c.num_kv_heads},
      {"rms_norm_eps", c.norm_eps},
      {"rope_scaling", rope_scaling_json(c.rope)},
      {"rope_theta", c.rope.theta},
      {"tie_word_embeddings", c.tied_head},
      {"torch_dtype", torch_dtype},
      {"use_cache", true},
      {"vocab_size", c.vocab_size}};
  if (c.window != 0) json["sliding_window"] = c.window;
  if (std::ranges::find(c.layers, LayerAttention::Full) != c.layers.end()) {
    Json& types = json["layer_types"] = Json::array();
    for (const LayerAttention layer : c.layers) {
      types.push_back(layer == LayerAttention::Full ? "full_attention" : "sliding_attention");
    }
  }
  if (c.window_rope) json["rope_local_base_freq"] = c.window_rope->theta;
  if (c.score_scale != 0)
    json["query_pre_attn_scalar"] = std::round(1 / std::pow(c.score_scale, 2));
  if (row != nullptr && row->norm_offset != 0) {
    json["hidden_activation"] = activation_name(c.activation);
    json["attn_logit_softcapping"] = c.score_cap == 0 ? Json(nullptr) : Json(c.score_cap);
    json["final_logit_softcapping"] = c.logit_cap == 0 ? Json(nullptr) : Json(c.logit_cap);
  }
  if (c.rotary_dim != 0) {
    json["partial_rotary_factor"] =
        static_cast<double>(c.rotary_dim) / static_cast<double>(c.head_dim);
  }
  return json;
}

}  // namespace salient
