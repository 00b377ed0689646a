// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numbers>

#include "engine/checkpoint/config_reader.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/tensor_reader.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr double kMinEps = 1e-20;
constexpr double kMaxEps = 0.1;

/// Look-ups below the architecture's prefix: "llama.block_count".
class ArchitectureKeys {
 public:
  ArchitectureKeys(const GgufMetadata& metadata, std::string_view architecture)
      : metadata_(metadata), prefix_(std::string(architecture) + ".") {}

  std::string full(std::string_view key) const { return prefix_ + std::string(key); }
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const {
    const auto value = metadata_.integer(full(key), low, high);
    if (!value) metadata_.refuse(full(key), "is missing");
    return *value;
  }
  std::int64_t integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                          std::int64_t absent) const {
    return metadata_.integer(full(key), low, high).value_or(absent);
  }
  double real_or(std::string_view key, double low, double high, double absent) const {
    return metadata_.real(full(key), low, high).value_or(absent);
  }
  /// Throws Error(Unsupported) unless the key is absent or `only`.
  void only(std::string_view key, std::int64_t only) const {
    const std::int64_t value = integer_or(key, 0, limits::kPositions, only);
    if (value == only) return;
    metadata_.refuse_unsupported(full(key), "is " + std::to_string(value) + ", only " +
                                                std::to_string(only) + " is supported");
  }
  const GgufMetadata& metadata() const { return metadata_; }

 private:
  const GgufMetadata& metadata_;
  std::string prefix_;
};

const GgufTensorEntry* find_tensor(const GgufHeader& header, std::string_view name) {
  const auto found = std::find_if(header.tensors.begin(), header.tensors.end(),
                                  [&](const GgufTensorEntry& t) { return t.name == name; });
  return found == header.tensors.end() ? nullptr : &*found;
}

void read_scaling_keys(const ArchitectureKeys& keys, RopeConfig& rope) {
  const std::string key = keys.full("rope.scaling.type");
  const std::string type = keys.metadata().text(key).value_or("none");
  if (type != "none" && type != "linear") {
    keys.metadata().refuse_unsupported(key, in_quotes(type) + " is not supported");
  }
  const double old_style = keys.real_or("rope.scale_linear", 1e-3, 1e4, 1.0);
  rope.factor = keys.real_or("rope.scaling.factor", 1e-3, 1e4, old_style);
  if (type == "none" && !keys.metadata().find(keys.full("rope.scale_linear"))) rope.factor = 1.0;
  rope.scaling = rope.factor == 1.0 ? RopeScaling::None : RopeScaling::LinearPositions;
}

/// What llama.cpp's converter writes into rope_freqs for Llama 3's scaling.
float llama3_factor(const RopeConfig& rope, std::int64_t head_dim, std::int64_t pair) {
  const double frequency =
      std::pow(rope.theta, -2.0 * static_cast<double>(pair) / static_cast<double>(head_dim));
  const double turns =
      static_cast<double>(rope.original_max_positions) * frequency / (2.0 * std::numbers::pi);
  if (turns > rope.high_frequency_factor) return 1.0F;
  if (turns < rope.low_frequency_factor) return static_cast<float>(rope.factor);
  const double smooth = (turns - rope.low_frequency_factor) /
                        (rope.high_frequency_factor - rope.low_frequency_factor);
  return static_cast<float>(1.0 / ((1.0 - smooth) / rope.factor + smooth));
}

/// The factors of rope_freqs stand for a Llama 3 scaling with its usual borders, or for something
/// that is not known; the metadata does not say.
void read_rope_factors(const ByteSource& source, const GgufHeader& header, ModelConfig& config) {
  const GgufTensorEntry* entry = find_tensor(header, "rope_freqs.weight");
  if (entry == nullptr) return;
  if (entry->shape != Shape{config.head_dim / 2}) {
    throw Error(ErrorKind::BadInput, source.name() + ": tensor \"rope_freqs.weight\": expected " +
                                         to_string(Shape{config.head_dim / 2}) + ", the file has " +
                                         to_string(entry->shape));
  }
  const StoredTensor stored{
      {entry->name, std::string(entry->type->name), entry->shape, entry->bytes, 0, entry->offset},
      entry->type,
      {}};
  const Tensor factors = read_tensor(source, stored, DType::F32);
  const auto values = factors.as<float>();
  RopeConfig rope = config.rope;
  rope.scaling = RopeScaling::Llama3;
  rope.factor = *std::max_element(values.begin(), values.end());
  bool known = rope.factor >= 1.0 && rope.factor <= 1e4 && config.rope.scaling == RopeScaling::None;
  for (std::int64_t pair = 0; known && pair < config.head_dim / 2; ++pair) {
    const float expected = llama3_factor(rope, config.head_dim, pair);
    known = std::abs(values[static_cast<std::size_t>(pair)] - expected) <= 1e-3F * expected;
  }
  if (!known) {
    throw Error(ErrorKind::Unsupported,
                source.name() + ": rope_freqs.weight holds factors of an unknown rotary scaling");
  }
  if (rope.factor > 1.0) config.rope = rope;
}

void read_token_ids(const GgufMetadata& metadata, ModelConfig& config) {
  const auto add = [&](std::string_view key, std::vector<std::int32_t>& ids) {
    const auto id = metadata.integer(key, -1, 0xFFFFFFFF);
    if (!id || *id < 0 || *id >= config.vocab_size) return;
    const auto value = static_cast<std::int32_t>(*id);
    if (std::find(ids.begin(), ids.end(), value) == ids.end()) ids.push_back(value);
  };
  add("tokenizer.ggml.bos_token_id", config.bos_ids);
  add("tokenizer.ggml.eos_token_id", config.eos_ids);
  add("tokenizer.ggml.eot_token_id", config.eos_ids);
}

void read_sizes(const ArchitectureKeys& keys, const GgufHeader& header, const Architecture& row,
                ModelConfig& config) {
  config.hidden_size = keys.integer("embedding_length", 1, limits::kHiddenSize);
  config.intermediate_size = keys.integer("feed_forward_length", 1, limits::kIntermediateSize);
  config.num_layers = keys.integer("block_count", 1, limits::kLayers);
  config.num_heads = keys.integer("attention.head_count", 1, limits::kHeads);
  config.num_kv_heads =
      keys.integer_or("attention.head_count_kv", 1, limits::kHeads, config.num_heads);
  config.max_positions = keys.integer_or("context_length", 1, limits::kPositions, 2048);
  const bool has_key_length = keys.metadata().find(keys.full("attention.key_length")) != nullptr;
  if (!has_key_length && config.hidden_size % config.num_heads != 0) {
    keys.metadata().refuse(keys.full("attention.head_count"),
                           "is " + std::to_string(config.num_heads) +
                               ", which does not divide the embedding length " +
                               std::to_string(config.hidden_size));
  }
  config.head_dim = keys.integer_or("attention.key_length", 1, limits::kHeadDim,
                                    config.hidden_size / config.num_heads);
  keys.only("attention.value_length", config.head_dim);
  config.rotary_dim = keys.integer_or("rope.dimension_count", 1, config.head_dim, config.head_dim);
  if (row.config.rotary_share == 1.0 && row.gguf_rotary_rows) {
    keys.only("rope.dimension_count", config.head_dim);
  }
  if (config.rotary_dim == config.head_dim) config.rotary_dim = 0;
  keys.only("expert_count", 0);
  const GgufTensorEntry* embedding = find_tensor(header, "token_embd.weight");
  const std::int64_t rows = embedding == nullptr || embedding->shape.size() != 2
                                ? 0
                                : std::min(embedding->shape[0], limits::kVocabulary);
  config.vocab_size = keys.integer_or("vocab_size", 1, limits::kVocabulary, rows);
}

bool has_window(const ArchitectureKeys& keys, WindowRule rule, std::int64_t layer) {
  if (rule == WindowRule::Alternating) return layer % 2 == 0;
  if (rule == WindowRule::Every) return true;
  const std::int64_t pattern =
      keys.integer_or("attention.sliding_window_pattern", 1, limits::kLayers, 6);
  return (layer + 1) % pattern != 0;
}

void read_window(const ArchitectureKeys& keys, const Architecture& row, ModelConfig& config) {
  const WindowRule rule = row.config.windows;
  if (rule == WindowRule::None || rule == WindowRule::Switched) return;
  config.window = keys.integer_or("attention.sliding_window", 0, limits::kPositions, 0);
  if (config.window == 0) return;
  for (std::int64_t layer = 0; layer < config.num_layers; ++layer) {
    config.layers.push_back(has_window(keys, rule, layer) ? LayerAttention::Window
                                                          : LayerAttention::Full);
  }
  if (row.config.window_rope_theta == 0) return;
  config.window_rope = RopeConfig{};
  config.window_rope->theta =
      keys.real_or("rope.freq_base_swa", 1.0, 1e12, row.config.window_rope_theta);
}

struct SizeOfModel {
  std::string_view gguf_architecture;
  std::int64_t num_layers;
  bool operator==(const SizeOfModel&) const = default;
};
/// GGUF does not say what scores are divided by: sqrt(head_dim), but sqrt(hidden_size / num_heads)
/// in these two of 27 billion parameters.
constexpr std::array<SizeOfModel, 2> kWideScores = {{{"gemma2", 46}, {"gemma3", 62}}};

void read_scores(const ArchitectureKeys& keys, const Architecture& row, ModelConfig& config) {
  config.score_cap = keys.real_or("attn_logit_softcapping", 0, 1e6, row.config.score_cap);
  config.logit_cap = keys.real_or("final_logit_softcapping", 0, 1e6, row.config.logit_cap);
  if (row.config.score_divisor == 0) return;
  const bool wide =
      std::ranges::find(kWideScores, SizeOfModel{row.gguf_architecture, config.num_layers}) !=
      kWideScores.end();
  const std::int64_t divisor = wide ? config.hidden_size / config.num_heads : config.head_dim;
  config.score_scale = 1 / std::sqrt(static_cast<double>(divisor));
}

void refuse_long_factors(const ByteSource& source, const GgufHeader& header) {
  for (const std::string_view name : {"rope_factors_long.weight", "rope_factors_short.weight"}) {
    if (find_tensor(header, name) == nullptr) continue;
    throw Error(ErrorKind::Unsupported, source.name() + ": tensor " + in_quotes(name) +
                                            ": factors of long texts are not read from GGUF; "
                                            "open the Hugging Face folder");
  }
}

/// "SmolLM2-135M-Instruct" of SmolLM2-135M-Instruct.Q4_1.gguf: people name files with care, while
/// general.name often holds the name of a training run.
std::string model_name(const std::string& file_name) {
  std::string name = std::filesystem::path(file_name).stem().string();
  const std::size_t cut = name.find_last_of(".-");
  if (cut == std::string::npos || cut == 0) return name;
  std::string_view last = std::string_view(name).substr(cut + 1);
  if (last.starts_with("IQ")) last.remove_prefix(1);
  const bool quantization = last == "F16" || last == "BF16" || last == "F32" ||
                            (last.size() > 1 && last[0] == 'Q' && last[1] >= '0' && last[1] <= '9');
  return quantization ? name.substr(0, cut) : name;
}

}  // namespace

const Architecture& read_gguf_architecture(const GgufMetadata& metadata) {
  constexpr std::string_view kKey = "general.architecture";
  const auto name = metadata.text(kKey);
  if (!name) metadata.refuse(kKey, "is missing");
  const Architecture* row = find_gguf_architecture(*name);
  if (row == nullptr) {
    metadata.refuse_unsupported(
        kKey, in_quotes(*name) + " is not supported, known: " + known_gguf_architectures());
  }
  return *row;
}

ModelConfig read_gguf_config(const ByteSource& source, const GgufHeader& header) {
  const GgufMetadata& metadata = header.metadata;
  const Architecture& row = read_gguf_architecture(metadata);
  const ArchitectureKeys keys(metadata, row.gguf_architecture);
  ModelConfig config;
  config.model_type = row.model_type;
  config.name = escaped(model_name(source.name()));
  read_sizes(keys, header, row, config);
  read_window(keys, row, config);
  read_scores(keys, row, config);
  config.activation = row.config.activation;
  const auto eps = metadata.real(keys.full("attention.layer_norm_rms_epsilon"), kMinEps, kMaxEps);
  if (!eps) metadata.refuse(keys.full("attention.layer_norm_rms_epsilon"), "is missing");
  config.norm_eps = *eps;
  config.rope.theta = keys.real_or("rope.freq_base", 1.0, 1e12, row.config.rope_theta);
  read_scaling_keys(keys, config.rope);
  check_consistency(config, source.name());
  refuse_long_factors(source, header);
  read_rope_factors(source, header, config);
  config.attention_bias = find_tensor(header, "blk.0.attn_q.bias") != nullptr;
  config.attention_output_bias = find_tensor(header, "blk.0.attn_output.bias") != nullptr;
  config.mlp_bias = find_tensor(header, "blk.0.ffn_up.bias") != nullptr;
  config.tied_head = find_tensor(header, "output.weight") == nullptr;
  read_token_ids(metadata, config);
  return config;
}

}  // namespace salient
