// SPDX-License-Identifier: Apache-2.0
#pragma once

// The project's own sources as text, for tests that hold the tree to its rules.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace salient::tests {

struct SourceFile {
  std::string path;  ///< below the project, with '/'
  std::vector<std::string> lines;
};

/// Every .h, .cpp, .cu and .cuh below the given top-level folders, in path order.
std::vector<SourceFile> project_sources(const std::vector<std::string>& folders);

/// "engine/tensor" for engine/tensor/tensor.h, "kernels/cpu", "ui/panes", "app".
std::string room_of(std::string_view path);

/// The project paths that a file includes ("engine/tensor/tensor.h"), system headers left out.
std::vector<std::string> project_includes(const SourceFile& file);

}  // namespace salient::tests
