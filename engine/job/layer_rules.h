// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which settings apply to which linear: the defaults, then the --layer and --exclude rules in the
// order given, then what the export format asks for.

#include <string>
#include <vector>

#include "engine/job/job.h"
#include "engine/model/decoder.h"

namespace salient {

/// Every linear of a model, in block and role order.
std::vector<LinearId> linears_of(const DecoderShape& shape);

/// One entry per linear. Error(BadInput) for a pattern that is no regular expression, takes too
/// long or matches nothing, and for settings that do not exist.
std::vector<LinearSettings> settings_of(const DecoderShape& shape,
                                        const std::vector<LinearId>& linears,
                                        const JobOptions& options);

/// Engines that load AWQ run q, k, v as one matrix, and gate and up as another: where one of them
/// is kept in FP16, all are. Returns the linears that this touched: "layer 3 k".
std::vector<std::string> widen_fused_linears(const DecoderShape& shape,
                                             const std::vector<LinearId>& linears,
                                             std::vector<LinearSettings>& settings);

}  // namespace salient
