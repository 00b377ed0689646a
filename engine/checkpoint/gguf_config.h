// SPDX-License-Identifier: Apache-2.0
#pragma once

// The model behind a GGUF header: its config from the architecture's keys, and the Hugging Face
// names of its tensors.

#include <optional>
#include <string>
#include <string_view>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/gguf_header.h"
#include "engine/checkpoint/model_config.h"

namespace salient {

/// Throws Error(BadInput) naming the key; Error(Unsupported) for another architecture or variant.
/// Reads the small tensor rope_freqs when there is one.
ModelConfig read_gguf_config(const ByteSource& source, const GgufHeader& header);

const Architecture& read_gguf_architecture(const GgufMetadata& metadata);

struct GgufName {
  std::string name;          ///< "model.layers.3.self_attn.q_proj.weight"
  std::int64_t block = -1;   ///< 3; -1 outside the blocks
  bool rotary_rows = false;  ///< rows stand in rotary pairs
};

/// Nothing for a tensor that the family does not have.
std::optional<GgufName> huggingface_name(const Architecture& row, std::string_view gguf_name);

}  // namespace salient
