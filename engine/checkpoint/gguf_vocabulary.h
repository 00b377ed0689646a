// SPDX-License-Identifier: Apache-2.0
#pragma once

// The vocabulary in a GGUF file's metadata, and its chat template.

#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/gguf_metadata.h"

namespace salient {

/// Nothing when the file carries none. Throws Error(BadInput) when its parts disagree in number.
std::optional<GgufVocabulary> read_vocabulary(const GgufMetadata& metadata,
                                              const std::string& file_name);

}  // namespace salient
