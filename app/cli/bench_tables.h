// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two tables of `salient bench` that look inside a decode step: single linears of the shapes
// that models have, and the stages of a token.

#include <optional>
#include <stop_token>
#include <vector>

#include "app/cli/result_table.h"
#include "engine/runtime/stage_times.h"

namespace salient::app {

/// Nothing stands for float16.
using BenchSchemes = std::vector<std::optional<QuantScheme>>;

/// Every shape at every scheme, time beside the limit of the same run.
ResultTable linear_table(Backend& backend, const BenchSchemes& schemes, int repeats,
                         const std::stop_token& stop, Terminal& terminal);

/// `read_limit` bytes per second.
ResultTable stage_table(const StageTimes& times, double read_limit);

}  // namespace salient::app
