// SPDX-License-Identifier: Apache-2.0
#pragma once

// The model families that can be opened, as rows of data, and the tensors that a config of such a
// family promises. What to compute with them is the model room's `Architecture`.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/model_config.h"
#include "engine/tensor/tensor.h"

namespace salient {

/// A config key whose other values would change the computation in a way that is not done here.
struct FixedKey {
  std::string_view key;
  std::string_view only_value;  ///< as JSON text: "1.0", "false"; null and absence are always fine
};

struct Family {
  std::string_view model_type;         ///< in config.json
  std::string_view class_name;         ///< in config.json's architectures
  std::string_view gguf_architecture;  ///< general.architecture, and the prefix of its keys
  std::span<const FixedKey> fixed_keys;
};

/// Null when the family is not known.
const Family* find_family(std::string_view model_type);
const Family* find_gguf_family(std::string_view architecture);
/// "llama": the known ones, for a sentence.
std::string known_families();

struct ExpectedTensor {
  std::string name;
  Shape shape;
};

/// Every tensor that a checkpoint with this config must hold, the head included unless it is tied.
std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config);

/// Buffers that old exports carry along and nobody reads.
bool is_known_extra(std::string_view name);

}  // namespace salient
