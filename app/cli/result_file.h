// SPDX-License-Identifier: Apache-2.0
#pragma once

// A file that a command was asked to write: whole or not at all.

#include <filesystem>
#include <string_view>

namespace salient::app {

enum class ExistingFile { Refuse, Replace };

/// Error(BadInput) for a folder that is missing, and for what is there and is no plain file.
void write_result_file(const std::filesystem::path& path, std::string_view bytes,
                       ExistingFile existing);

}  // namespace salient::app
