// SPDX-License-Identifier: Apache-2.0
#pragma once

// Opens a staged export with our own reader and compares it with what the engine holds: codes,
// steps and zero points equal, dense tensors equal bit by bit, no NaN, no infinity.

#include <filesystem>
#include <stop_token>

#include "engine/export/model_layout.h"

namespace salient {

/// Error(Failure) naming the first tensor that differs.
void verify_export(const ModelLayout& layout, const Checkpoint& source, const BlockSource& blocks,
                   const std::filesystem::path& path, const std::stop_token& stop,
                   const ExportProgressSink& progress);

}  // namespace salient
