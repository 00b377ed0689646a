// SPDX-License-Identifier: Apache-2.0
#pragma once

// The weight files of a model folder (safetensors, else PyTorch), one or as many as the index
// lists, opened, checked against each other and joined into one list of tensors.

#include <string>

#include "engine/checkpoint/model_folder.h"
#include "engine/checkpoint/opened_checkpoint.h"

namespace salient {

/// Adds sources, tensors (sorted by name) and warnings to `parts`. `weights` names the one file to
/// read; empty: the index when there is one (it wins over the single file), else the single file.
void open_weight_files(const ModelFolder& folder, const std::string& weights,
                       CheckpointParts& parts);

}  // namespace salient
