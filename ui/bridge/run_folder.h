// SPDX-License-Identifier: Apache-2.0
#pragma once

// A finished run on disk, opened again: its record as the events of the run that made it. Engine
// thread only.

#include <filesystem>

#include "engine/job/run_record.h"
#include "ui/bridge/messages.h"

namespace salient::ui {

/// `source` is the model it was made from, where that is still known; it may be empty.
RunReopened reopenRun(const RunRecord& record, const std::filesystem::path& source);

}  // namespace salient::ui
