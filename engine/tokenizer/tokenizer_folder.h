// SPDX-License-Identifier: Apache-2.0
#pragma once

// A tokenizer from the files of a model folder: tokenizer.json, tokenizer.model, or vocab.json with
// merges.txt, in that order; BOS and EOS from tokenizer_config.json and special_tokens_map.json.

#include <filesystem>
#include <memory>

#include "engine/tokenizer/tokenizer.h"

namespace salient {

bool folder_has_tokenizer(const std::filesystem::path& folder);

/// Throws Error(BadInput) naming file and key, or Error(Unsupported).
std::unique_ptr<Tokenizer> load_folder_tokenizer(const std::filesystem::path& folder,
                                                 std::int64_t embedding_rows,
                                                 const std::stop_token& stop = {});

}  // namespace salient
