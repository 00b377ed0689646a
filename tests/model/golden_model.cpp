// SPDX-License-Identifier: Apache-2.0
#include "tests/model/golden_model.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "engine/model/decoder.h"
#include "tests/shared_data.h"

namespace salient::tests {
namespace {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t value = 0xCBF29CE484222325U;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return value;
}

std::uint64_t splitmix(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

RopeConfig rope_of(const nlohmann::json& config) {
  RopeConfig rope;
  rope.theta = config.at("rope_theta").get<double>();
  if (!config.contains("rope_scaling")) return rope;
  const nlohmann::json& scaling = config.at("rope_scaling");
  rope.factor = scaling.at("factor").get<double>();
  rope.scaling = RopeScaling::LinearPositions;
  if (scaling.at("rope_type") == "linear") return rope;
  rope.scaling = RopeScaling::Llama3;
  rope.low_frequency_factor = scaling.at("low_freq_factor").get<double>();
  rope.high_frequency_factor = scaling.at("high_freq_factor").get<double>();
  rope.original_max_positions = scaling.at("original_max_position_embeddings").get<std::int64_t>();
  return rope;
}

ModelConfig config_of(const nlohmann::json& json) {
  ModelConfig config;
  config.model_type = json.at("model_type").get<std::string>();
  config.hidden_size = json.at("hidden_size").get<std::int64_t>();
  config.intermediate_size = json.at("intermediate_size").get<std::int64_t>();
  config.num_layers = json.at("num_hidden_layers").get<std::int64_t>();
  config.num_heads = json.at("num_attention_heads").get<std::int64_t>();
  config.num_kv_heads = json.at("num_key_value_heads").get<std::int64_t>();
  config.head_dim = json.at("head_dim").get<std::int64_t>();
  config.vocab_size = json.at("vocab_size").get<std::int64_t>();
  config.max_positions = json.at("max_position_embeddings").get<std::int64_t>();
  config.norm_eps = json.at("rms_norm_eps").get<double>();
  config.rope = rope_of(json);
  config.attention_bias = json.at("attention_bias").get<bool>();
  config.attention_output_bias = config.attention_bias;
  config.mlp_bias = json.at("mlp_bias").get<bool>();
  config.tied_head = json.at("tie_word_embeddings").get<bool>();
  return config;
}

}  // namespace

MemoryCheckpoint::MemoryCheckpoint(ModelConfig config, std::map<std::string, Tensor> tensors)
    : config_(std::move(config)), tensors_(std::move(tensors)) {
  for (const auto& [name, tensor] : tensors_) {
    TensorInfo info;
    info.name = name;
    info.stored_type = "F32";
    info.shape = tensor.shape();
    info.bytes = tensor.bytes();
    infos_.push_back(info);
  }
}

Tensor MemoryCheckpoint::read(std::string_view name, DType as) const {
  const auto found = tensors_.find(std::string(name));
  if (found == tensors_.end()) throw std::logic_error("no tensor " + std::string(name));
  return found->second.clone().to(as);
}

std::vector<float> golden_uniform(std::string_view name, std::int64_t count) {
  std::vector<float> values;
  const std::uint64_t seed = fnv1a(name);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t bits = splitmix(seed + static_cast<std::uint64_t>(i)) >> 40U;
    values.push_back(static_cast<float>(static_cast<double>(bits) * 0x1p-24 - 0.5));
  }
  return values;
}

std::vector<float> golden_normal(std::string_view name, std::int64_t count) {
  const std::vector<float> uniform = golden_uniform(name, 12 * count);
  std::vector<float> values(static_cast<std::size_t>(count), 0.0F);
  for (std::size_t i = 0; i < uniform.size(); ++i) values[i / 12] += uniform[i];
  return values;
}

Tensor golden_tensor(std::string_view name, const Shape& shape) {
  Tensor tensor(DType::F32, shape);
  const std::vector<float> values = golden_uniform(name, tensor.size());
  const bool norm = name.find("norm") != std::string_view::npos;
  std::transform(values.begin(), values.end(), tensor.as<float>().begin(),
                 [&](float value) { return norm ? value * 0.5F + 1.0F : value; });
  return tensor;
}

MemoryCheckpoint golden_checkpoint(const ModelConfig& config) {
  std::map<std::string, Tensor> tensors;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    tensors.emplace(tensor.name, golden_tensor(tensor.name, tensor.shape));
  }
  return {config, std::move(tensors)};
}

ModelConfig small_config() {
  ModelConfig config;
  config.model_type = "llama";
  config.hidden_size = 32;
  config.intermediate_size = 44;
  config.num_layers = 2;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 8;
  config.vocab_size = 48;
  config.max_positions = 64;
  return config;
}

std::vector<GoldenCase> golden_cases() {
  std::ifstream file(source_file("tests/golden/llama_golden.json"));
  const nlohmann::json golden = nlohmann::json::parse(file);
  std::vector<GoldenCase> cases;
  for (const nlohmann::json& json : golden.at("cases")) {
    cases.push_back({json.at("name").get<std::string>(), config_of(json.at("config")),
                     json.at("ids").get<std::vector<std::int32_t>>(),
                     json.at("logits").get<std::vector<float>>()});
  }
  return cases;
}

}  // namespace salient::tests
