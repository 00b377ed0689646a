// SPDX-License-Identifier: Apache-2.0
#pragma once

// config.json and generation_config.json to ModelConfig. Keys of both generations of transformers
// are understood: rope_theta and rope_scaling, and rope_parameters. Every number is checked against
// limits.h and against the others before anything is sized by it.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/model_config.h"

namespace salient {

/// Throws Error(BadInput) naming the key, or Error(Unsupported) for a family, activation, rotary
/// scaling or variant that is not known. `warnings` receives one sentence each.
ModelConfig parse_config(const nlohmann::ordered_json& config, const std::string& file_name,
                         std::vector<std::string>& warnings);

/// Adds the end-of-sequence ids of generation_config.json that the config does not have yet.
void add_generation_ids(const nlohmann::ordered_json& generation, const std::string& file_name,
                        ModelConfig& config, std::vector<std::string>& warnings);

/// Checks that hold for every source, whatever it was read from: heads divide, sizes agree.
void check_consistency(const ModelConfig& config, const std::string& file_name);

/// "AWQ, 4 bit" from quantization_config; empty when there is none.
std::string describe_quantization(const nlohmann::ordered_json& config,
                                  const std::string& file_name);

/// The config.json of a model that has none, LlamaForCausalLM keys in alphabetical order.
nlohmann::ordered_json make_config_json(const ModelConfig& config, const std::string& torch_dtype);

}  // namespace salient
