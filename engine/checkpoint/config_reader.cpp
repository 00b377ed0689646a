// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/config_reader.h"

#include <algorithm>

#include "engine/checkpoint/config_keys.h"
#include "engine/checkpoint/family.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/rope_reader.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMinEps = 1e-20;
constexpr double kMaxEps = 0.1;
constexpr double kLlamaDefaultEps = 1e-6;
constexpr std::int64_t kLlamaDefaultPositions = 2048;

const Family& read_family(const ConfigKeys& keys) {
  const std::optional<std::string> type = keys.text("model_type");
  if (!type) keys.refuse("model_type", "is missing");
  const Family* family = find_family(*type);
  if (family == nullptr) {
    keys.refuse_unsupported("model_type",
                            in_quotes(*type) + " is not supported, known: " + known_families());
  }
  return *family;
}

/// 1 and 1.0 are the same value here.
bool same_value(const Json& value, std::string_view only) {
  const Json allowed = Json::parse(only);
  if (value.is_number() && allowed.is_number()) return value.get<double>() == allowed.get<double>();
  return value == allowed;
}

void check_variant(const Family& family, const ConfigKeys& keys, std::vector<std::string>& warnings,
                   const std::string& file) {
  for (const FixedKey& fixed : family.fixed_keys) {
    const Json* value = keys.find(fixed.key);
    if (value == nullptr || same_value(*value, fixed.only_value)) continue;
    keys.refuse_unsupported(fixed.key, "is " + shown(*value) + ", which " +
                                           std::string(family.model_type) +
                                           " models here do not support");
  }
  const std::string activation = keys.text("hidden_act").value_or("silu");
  if (activation != "silu" && activation != "swish") {
    keys.refuse_unsupported("hidden_act",
                            "is " + in_quotes(activation) + ", only \"silu\" is known");
  }
  if (keys.has("auto_map")) {
    warnings.push_back(file + ": auto_map names Python code, which is never run");
  }
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

std::int64_t read_head_dim(const ConfigKeys& keys, const ModelConfig& config) {
  if (keys.has("head_dim")) return keys.integer("head_dim", 1, limits::kHeadDim);
  if (config.hidden_size % config.num_heads != 0) {
    keys.refuse("num_attention_heads", "is " + std::to_string(config.num_heads) +
                                           ", which does not divide hidden_size " +
                                           std::to_string(config.hidden_size));
  }
  return config.hidden_size / config.num_heads;
}

}  // namespace

ModelConfig parse_config(const Json& config_json, const std::string& file,
                         std::vector<std::string>& warnings) {
  if (!config_json.is_object()) {
    throw Error(ErrorKind::BadInput, file + ": is not a JSON object");
  }
  const ConfigKeys keys(config_json, file);
  const Family& family = read_family(keys);
  check_variant(family, keys, warnings, file);
  ModelConfig config;
  config.model_type = family.model_type;
  config.hidden_size = keys.integer("hidden_size", 1, limits::kHiddenSize);
  config.intermediate_size = keys.integer("intermediate_size", 1, limits::kIntermediateSize);
  config.num_layers = keys.integer("num_hidden_layers", 1, limits::kLayers);
  config.num_heads = keys.integer("num_attention_heads", 1, limits::kHeads);
  config.num_kv_heads = keys.integer_or("num_key_value_heads", 1, limits::kHeads, config.num_heads);
  config.head_dim = read_head_dim(keys, config);
  config.vocab_size = keys.integer("vocab_size", 1, limits::kVocabulary);
  config.max_positions =
      keys.integer_or("max_position_embeddings", 1, limits::kPositions, kLlamaDefaultPositions);
  config.norm_eps = keys.real_or("rms_norm_eps", kMinEps, kMaxEps, kLlamaDefaultEps);
  config.rope = parse_rope(config_json, file, config.max_positions, warnings);
  config.attention_bias = keys.boolean_or("attention_bias", false);
  config.mlp_bias = keys.boolean_or("mlp_bias", false);
  config.tied_head = keys.boolean_or("tie_word_embeddings", false);
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
  if (config.head_dim % 2 != 0) {
    throw Error(ErrorKind::BadInput, file + ": head_dim is " + std::to_string(config.head_dim) +
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

Json make_config_json(const ModelConfig& c, const std::string& torch_dtype) {
  const auto one_or_list = [](const std::vector<std::int32_t>& ids) {
    return ids.empty() ? Json(nullptr) : ids.size() == 1 ? Json(ids.front()) : Json(ids);
  };
  const Family* family = find_family(c.model_type);
  return Json{{"architectures", {family == nullptr ? "" : family->class_name}},
              {"attention_bias", c.attention_bias},
              {"attention_dropout", 0.0},
              {"bos_token_id", one_or_list(c.bos_ids)},
              {"eos_token_id", one_or_list(c.eos_ids)},
              {"head_dim", c.head_dim},
              {"hidden_act", "silu"},
              {"hidden_size", c.hidden_size},
              {"intermediate_size", c.intermediate_size},
              {"max_position_embeddings", c.max_positions},
              {"mlp_bias", c.mlp_bias},
              {"model_type", c.model_type},
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
}

}  // namespace salient
