// SPDX-License-Identifier: Apache-2.0
#pragma once

// The numbers of a model, read from config.json (keys of both generations) or GGUF metadata,
// checked against each other and against sane limits. Plain data; the `Architecture` row says what
// to make of them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/backend/backend.h"

namespace salient {

enum class RopeScaling { None, LinearPositions, Llama3, Dynamic, Yarn, Long };

struct RopeConfig {
  double theta = 10000.0;
  RopeScaling scaling = RopeScaling::None;
  double factor = 1.0;  ///< positions (LinearPositions) or low frequencies (Llama3) divided by it
  double low_frequency_factor = 1.0;
  double high_frequency_factor = 4.0;
  std::int64_t original_max_positions = 8192;
  double magnitude = 1.0;                    ///< of cosines and sines (Yarn, Long)
  double beta_fast = 32.0, beta_slow = 1.0;  ///< Yarn: turns at which the ramp begins and ends
  bool truncate = true;                      ///< Yarn: the ramp's ends are whole dimensions
  /// Long: what the frequencies are divided by up to original_max_positions, and beyond.
  std::vector<double> short_factors = {}, long_factors = {};
  bool operator==(const RopeConfig&) const = default;
};

enum class PositionKind { Rotary, Alibi, Learned };
enum class LayerAttention { Full, Window };

struct ModelConfig {
  std::string model_type;  ///< "llama": key of the Architecture table
  std::string name;        ///< for people: folder name or GGUF general.name
  std::int64_t hidden_size = 0;
  std::int64_t embedding_size = 0;  ///< of the tables where not hidden_size; else 0
  std::int64_t intermediate_size = 0;
  std::int64_t num_layers = 0;
  std::int64_t num_heads = 0;
  std::int64_t num_kv_heads = 0;
  std::int64_t head_dim = 0;    ///< need not be hidden_size / num_heads
  std::int64_t rotary_dim = 0;  ///< numbers of a head that turn; 0: all
  std::int64_t vocab_size = 0;
  std::int64_t max_positions = 0;
  double norm_eps = 1e-5;
  RopeConfig rope;
  std::optional<RopeConfig> window_rope;  ///< of the layers with a window, where it is another
  PositionKind positions = PositionKind::Rotary;
  double alibi_bias_max = 8;
  std::int64_t window = 0;              ///< positions that windowed layers see
  std::vector<LayerAttention> layers;   ///< one per layer; empty: all full
  double score_scale = 0;               ///< of q·k; 0: 1 / sqrt(head_dim)
  bool score_scale_by_layer = false;    ///< divided by the layer's number from 1
  double score_cap = 0, logit_cap = 0;  ///< 0: none
  double qkv_limit = 0;                 ///< q, k, v are clamped to ± it; 0: not
  Activation activation = Activation::Silu;
  bool attention_bias = false;  ///< of q, k and v
  bool attention_output_bias = false;
  bool mlp_bias = false;
  bool tied_head = false;  ///< the head is the embedding
  std::vector<std::int32_t> bos_ids;
  std::vector<std::int32_t> eos_ids;

  std::int64_t table_width() const { return embedding_size != 0 ? embedding_size : hidden_size; }
};

}  // namespace salient
