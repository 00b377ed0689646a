// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whether a model can be opened, told from its config alone: what a person wants to know before a
// download. Nothing but the one file is read.

#include <filesystem>
#include <string>
#include <vector>

namespace salient {

struct ConfigVerdict {
  std::filesystem::path file;
  std::string model_type;  ///< as the file says; empty where it says none
  bool supported = false;
  std::string text;  ///< "Qwen2", or the key that stands in the way
};

/// Never throws for what a file holds.
ConfigVerdict verdict_of_config(const std::filesystem::path& file);

/// The configs below a path: itself, a folder's config.json, or every *.json of a folder without
/// one, sorted; the description of a quantization (hf_quant) is none. Error(BadInput) for a path
/// that is not there.
std::vector<std::filesystem::path> configs_below(const std::filesystem::path& path);

}  // namespace salient
