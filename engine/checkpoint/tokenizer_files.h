// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a model folder holds beside config and weights: the chat template, and the small files that
// an export carries over. A bad file here costs the chat, not the quantizing: it becomes a warning.

#include <filesystem>
#include <string>
#include <vector>

#include "engine/checkpoint/model_folder.h"

namespace salient {

/// chat_template.jinja when there is one, else the (default) template of tokenizer_config.json;
/// empty when there is none or it cannot be used.
std::string read_chat_template(const ModelFolder& folder, std::vector<std::string>& warnings);

/// Tokenizer files, generation_config.json, licences and other small data files; no weights, no
/// code, no config.json, no README (an export writes its own).
std::vector<std::filesystem::path> find_companions(const ModelFolder& folder);

}  // namespace salient
