// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the files that ship with the programs lie: beside an installed binary
// (<prefix>/share/salient), or in the source tree that this binary was built from.

#include <filesystem>
#include <string>
#include <vector>

namespace salient::app {

/// The resources folder. Throws Error(Failure) naming the places looked at.
std::filesystem::path resources_folder();

/// All texts of resources/<kind> ("calibration", "evaluation") in name order, joined by empty
/// lines.
std::string bundled_text(const std::string& kind);

/// The bundled toy checkpoint.
std::filesystem::path toy_checkpoint();

/// The whole of a text file. Throws Error(BadInput) naming the path when it cannot be read.
std::string read_text_file(const std::filesystem::path& path);

}  // namespace salient::app
