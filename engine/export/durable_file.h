// SPDX-License-Identifier: Apache-2.0
#pragma once

// The only way in which the engine writes files: under a temporary name, reserved in full first so
// that a full disk shows before the work, synced, then renamed, then the folder synced. Nothing
// appears under its final name until it is whole; a failed sync means that the file is lost, and it
// is removed. Errors are Error(Resources) for a full disk or quota, with the amount that is
// missing, else Error(Failure).

#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "engine/export/file_system.h"

namespace salient {

/// An open folder; everything in it is named relative to the descriptor.
class Folder {
 public:
  /// Error(BadInput) naming the path when it cannot be opened.
  Folder(FileSystem& files, std::filesystem::path path);
  ~Folder();
  Folder(Folder&& other) noexcept;
  Folder& operator=(Folder&& other) noexcept;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// Made when absent; never a link.
  Folder subfolder(const std::string& name) const;
  void sync() const;
  /// Names of what is in it, sorted.
  std::vector<std::string> list() const;
  /// No error when there is none.
  void remove_file(const std::string& name) const;
  /// A folder and all below it, links not followed. No error when there is none.
  void remove_tree(const std::string& name) const;

  FileSystem& files() const { return *files_; }
  int descriptor() const { return descriptor_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  Folder(FileSystem& files, std::filesystem::path path, int descriptor);
  FileSystem* files_;
  std::filesystem::path path_;
  int descriptor_ = -1;
};

class DurableFile {
 public:
  /// Creates `name`.tmp in `folder`, which must outlive this, and reserves `bytes`.
  DurableFile(const Folder& folder, std::string name, std::uint64_t bytes);
  /// Removes the temporary file unless it was published.
  ~DurableFile();
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  /// Throws Error(Cancelled) within a few mebibytes of a request to stop.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes,
                const std::stop_token& stop = {});
  /// Sync, close, rename to the final name (replacing one that is there), sync the folder.
  void publish();

 private:
  void require(int outcome, std::string_view doing) const;

  const Folder& folder_;
  std::string name_;
  std::uint64_t bytes_ = 0;
  int descriptor_ = -1;
  bool published_ = false;
};

/// A small file in one go.
void put_file(const Folder& folder, const std::string& name, std::string_view text);

/// Throws the Error that fits `code` (an errno) at `path`: "disk full: ..." and so on.
[[noreturn]] void throw_file_error(int code, std::string_view doing,
                                   const std::filesystem::path& path, std::uint64_t bytes = 0);

}  // namespace salient
