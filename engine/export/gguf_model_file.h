// SPDX-License-Identifier: Apache-2.0
#pragma once

// A whole model as one GGUF file, as llama.cpp's converter would write it: its names and keys, the
// vocabulary, q and k rows in its rotary order, data aligned to 32 bytes. The tensors come under
// the family's own names, as in every other export.

#include <string>

#include "engine/export/durable_file.h"
#include "engine/export/model_layout.h"
#include "engine/export/weights_file.h"

namespace salient {

/// Error(Unsupported) when GGUF has no words for the model of `source`: its family, its positions
/// or its vocabulary. Reads the vocabulary.
void check_gguf_source(const Checkpoint& source);

/// "SmolLM2-135M-Instruct-Q4_0.gguf".
std::string gguf_file_name(const std::string& model_name, const FormatRow& row);

/// Creates and reserves the file in `folder`, which must outlive it.
std::unique_ptr<WeightsFile> make_gguf_file(const Folder& folder, const std::string& model_name,
                                            const ModelLayout& layout, const Checkpoint& source);

}  // namespace salient
