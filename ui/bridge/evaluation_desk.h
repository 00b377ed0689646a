// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quality of a finished run in numbers: plain rounding at the same settings, then the run, each
// against the source on the same windows. Engine thread only; blocks, and calls `between` after
// every window, so that requests are served.

#include <functional>
#include <stop_token>

#include "ui/bridge/engine_commands.h"

namespace salient::ui {

void evaluateRun(Backend& backend, JobId job, const EvaluationRequest& request,
                 const std::stop_token& stop, const std::function<void(Message)>& post,
                 const std::function<void()>& between);

}  // namespace salient::ui
