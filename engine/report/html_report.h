// SPDX-License-Identifier: Apache-2.0
#pragma once

// The run as one HTML file: no scripts, no links out, charts as inline SVG, every name escaped.

#include <string>

#include "engine/report/run_summary.h"

namespace salient {

std::string html_report(const RunSummary& run);

}  // namespace salient
