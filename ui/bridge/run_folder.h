// SPDX-License-Identifier: Apache-2.0
#pragma once

// A finished run on disk, opened again: its record as the events of the run that made it. Engine
// thread only.

#include <filesystem>
#include <vector>

#include "engine/job/run_record.h"
#include "ui/bridge/messages.h"

namespace salient::ui {

/// The first of `knownModels` and of the places beside the run that has the files which the run was
/// made from, told by their headers; empty when none has. A record names no path of its own.
std::filesystem::path findSource(const RunRecord& record,
                                 const std::vector<std::filesystem::path>& knownModels);

/// `source` is the model it was made from, where that is still known; it may be empty.
RunReopened reopenRun(const RunRecord& record, const std::filesystem::path& source);

}  // namespace salient::ui
