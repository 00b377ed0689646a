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

/// For the model card: "Written as GPTQ v1, which vLLM (tensor parallel 1 or 2) and … load." and
/// what the format does to the values, if anything.
std::string format_sentence(ExportFormat format, const ModelConfig& config,
                            const std::vector<LinearId>& linears,
                            const std::vector<LinearSettings>& settings);
/// How every such sentence begins.
inline constexpr const char* kFormatSentence = "Written as ";

}  // namespace salient
