// SPDX-License-Identifier: Apache-2.0
#include "tests/shared_data.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace salient::tests {
namespace {

int skips = 0;

}  // namespace

std::optional<std::filesystem::path> shared_file(std::string_view relative) {
  const char* root = std::getenv("SALIENT_SHARED");
  std::filesystem::path path =
      std::filesystem::path(root != nullptr ? root : SALIENT_SHARED_DEFAULT) / relative;
  if (std::filesystem::exists(path)) return path;
  skip(path.string() + " is absent; set SALIENT_SHARED");
  return std::nullopt;
}

void skip(std::string_view reason) {
  ++skips;
  std::printf("SKIPPED: %.*s\n", static_cast<int>(reason.size()), reason.data());
}

std::filesystem::path source_file(std::string_view relative) {
  return std::filesystem::path(SALIENT_SOURCE_DIR) / relative;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "salient-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

int skipped_count() {
  return skips;
}

}  // namespace salient::tests
