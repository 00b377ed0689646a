// SPDX-License-Identifier: Apache-2.0
#include "app/resources.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "engine/error.h"

namespace salient::app {
namespace {

std::filesystem::path program_folder() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  return failed ? std::filesystem::path() : program.parent_path();
}

}  // namespace

std::filesystem::path resources_folder() {
  const std::filesystem::path installed = program_folder().parent_path() / "share" / "salient";
  for (const auto& place : {installed, std::filesystem::path(SALIENT_SOURCE_RESOURCES)}) {
    std::error_code ignored;
    if (std::filesystem::is_directory(place, ignored)) return place;
  }
  throw Error(ErrorKind::Failure, "the program's resources are neither in " + installed.string() +
                                      " nor in " SALIENT_SOURCE_RESOURCES "; install it again");
}

std::string bundled_text(const std::string& kind) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(resources_folder() / kind)) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string text;
  for (const auto& file : files) text += (text.empty() ? "" : "\n\n") + read_text_file(file);
  return text;
}

std::filesystem::path toy_checkpoint() {
  return resources_folder() / "toy";
}

std::string read_text_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!std::filesystem::is_regular_file(path) || !file || !(text << file.rdbuf())) {
    // An empty file also fails the insertion; tell the two apart.
    std::error_code failed;
    if (std::filesystem::is_regular_file(path, failed) && std::filesystem::file_size(path) == 0) {
      return "";
    }
    throw Error(ErrorKind::BadInput, path.string() + " cannot be read; is it a text file?");
  }
  return text.str();
}

}  // namespace salient::app
