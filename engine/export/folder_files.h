// SPDX-License-Identifier: Apache-2.0
#pragma once

// The small files of an exported folder: config.json with its quantization_config, the courtesy
// files of older loaders, what is carried over from the source, and what a GGUF source needs
// instead. Nothing in them comes from clock, host, path or locale.

#include <nlohmann/json.hpp>

#include "engine/export/model_layout.h"

namespace salient {

/// The source's config with its keys in order, the format's dtype, and what `layout` is quantized
/// as.
nlohmann::ordered_json exported_config(const ModelLayout& layout, const Checkpoint& source,
                                       const QuantScheme& scheme);

/// Writes config.json, the format's courtesy file, companions or tokenizer files.
void write_folder_files(const ModelLayout& layout, const Checkpoint& source,
                        const QuantScheme& scheme, const Folder& folder);

/// The text of a JSON value as we write it: two spaces, sorted only where it was, invalid UTF-8
/// replaced.
std::string json_text(const nlohmann::ordered_json& json);

}  // namespace salient
