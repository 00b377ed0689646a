// SPDX-License-Identifier: Apache-2.0
#include "tests/rules/sources.h"

#include <algorithm>
#include <fstream>

#include "tests/shared_data.h"

namespace salient::tests {

std::vector<SourceFile> project_sources(const std::vector<std::string>& folders) {
  std::vector<SourceFile> files;
  const std::filesystem::path root = source_file("");
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp" && extension != ".cu" && extension != ".cuh") {
        continue;
      }
      SourceFile file;
      file.path = std::filesystem::relative(entry.path(), root).generic_string();
      std::ifstream text(entry.path());
      for (std::string line; std::getline(text, line);) file.lines.push_back(line);
      files.push_back(std::move(file));
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

std::string room_of(std::string_view path) {
  const std::size_t first = path.find('/');
  const std::string_view top = path.substr(0, first);
  if (top == "app" || first == std::string_view::npos) return std::string(top);
  const std::size_t second = path.find('/', first + 1);
  // A file right below the top (engine/error.h, kernels/half.h) belongs to every room of it.
  return std::string(second == std::string_view::npos ? top : path.substr(0, second));
}

std::vector<std::string> project_includes(const SourceFile& file) {
  constexpr std::string_view kInclude = "#include \"";
  std::vector<std::string> includes;
  for (const std::string& line : file.lines) {
    if (!line.starts_with(kInclude)) continue;
    includes.push_back(
        line.substr(kInclude.size(), line.find('"', kInclude.size()) - kInclude.size()));
  }
  return includes;
}

}  // namespace salient::tests
