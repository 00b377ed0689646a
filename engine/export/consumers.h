// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which programs load an export with these settings, with how many GPUs, and why not otherwise:
// known before any work. One table; its rows say what each program's reader accepts.

#include <string>
#include <vector>

#include "engine/export/export.h"

namespace salient {

struct ConsumerVerdict {
  std::string consumer;  ///< "vLLM"
  bool loads = false;
  std::string why_not;  ///< empty when it loads
  std::string note;     ///< "through gptqmodel"
  /// Of 1, 2, 4 and 8 the numbers of GPUs that the matrices can be cut for; empty where a program
  /// does not cut them.
  std::vector<int> tensor_parallel;
};

std::vector<ConsumerVerdict> consumers_of(ExportFormat format, const ModelConfig& config,
                                          const std::vector<LinearId>& linears,
                                          const std::vector<LinearSettings>& settings);

}  // namespace salient
