// SPDX-License-Identifier: Apache-2.0
#pragma once

// What tokenizer_config.json, special_tokens_map.json and added_tokens.json say beside the
// vocabulary. Every file may be absent.

#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/model_folder.h"
#include "engine/tokenizer/added_tokens.h"

namespace salient {

struct TokenizerConfig {
  std::string tokenizer_class;  ///< "Qwen2Tokenizer"
  std::optional<std::string> bos, eos, unknown;
  std::optional<bool> add_bos, add_eos, add_prefix_space, legacy;
  std::vector<AddedToken> added;
};

TokenizerConfig read_tokenizer_config(const ModelFolder& folder);

}  // namespace salient
