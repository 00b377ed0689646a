// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where tests find the reference data (`SALIENT_SHARED`, default `../shared`) and the source tree.
// A test that needs data which is absent says so on stdout and returns; it never passes silently.

#include <filesystem>
#include <optional>
#include <string_view>

namespace salient::tests {

/// `relative` below the reference data, or nothing (after printing one SKIPPED line) when absent.
std::optional<std::filesystem::path> shared_file(std::string_view relative);

/// A path below the source tree, for goldens and bundled resources, which always exist.
std::filesystem::path source_file(std::string_view relative);

/// A fresh empty folder, removed when the object dies.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Prints "SKIPPED: reason" and counts it; the test returns afterwards.
void skip(std::string_view reason);
/// How many times `skip` was called.
int skipped_count();

}  // namespace salient::tests
