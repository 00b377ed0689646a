// SPDX-License-Identifier: Apache-2.0
#pragma once

// The numbers of a model, read from config.json (keys of both generations) or GGUF metadata,
// checked against each other and against sane limits. Plain data; the `Architecture` row says what
// to make of them.

#include <cstdint>
#include <string>
#include <vector>

namespace salient {

enum class RopeScaling { None, LinearPositions, Llama3 };

struct RopeConfig {
  double theta = 10000.0;
  RopeScaling scaling = RopeScaling::None;
  double factor = 1.0;  ///< positions (LinearPositions) or low frequencies (Llama3) divided by it
  double low_frequency_factor = 1.0;
  double high_frequency_factor = 4.0;
  std::int64_t original_max_positions = 8192;
};

enum class HiddenActivation { Silu };

struct ModelConfig {
  std::string model_type;  ///< "llama": key of the Architecture table
  std::string name;        ///< for people: folder name or GGUF general.name
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;  ///< need not be hidden_size / num_heads
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;
  double norm_eps = 1e-5;
  RopeConfig rope;
  HiddenActivation activation = HiddenActivation::Silu;
  bool attention_bias = false;
  bool mlp_bias = false;
  bool tied_head = false;  ///< the head is the embedding
  std::vector<std::int32_t> bos_ids;
  std::vector<std::int32_t> eos_ids;
};

}  // namespace salient
