// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of a model folder by name, with links under control. A regular file is taken as it is;
// a link is followed only where the Hugging Face cache puts one: from snapshots/<revision>/ into
// the same repository's blobs/. Any other link could carry a private file into an export.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/file_source.h"

namespace salient {

class ModelFolder {
 public:
  explicit ModelFolder(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  /// For people: the folder's name, or "org/name" in the Hugging Face cache.
  std::string model_name() const;
  bool has(const std::string& name) const;
  /// Throws Error(BadInput) for a forbidden link or anything that is no file; null when there is no
  /// entry of that name.
  std::unique_ptr<FileSource> open(const std::string& name) const;
  /// Names of the entries, sorted.
  std::vector<std::string> names() const;
  /// Owner of the folder, for the hard-link warning.
  std::uint64_t owner() const { return owner_; }

 private:
  std::filesystem::path blob_behind(const std::string& name) const;

  std::filesystem::path folder_;
  std::filesystem::path blobs_;  ///< of the cached repository; empty elsewhere
  std::uint64_t owner_ = 0;
};

}  // namespace salient
