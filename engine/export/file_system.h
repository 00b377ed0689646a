// SPDX-License-Identifier: Apache-2.0
#pragma once

// The calls on files that change something, as a seam: the real one goes to the system, tests put a
// failing or a forgetting disk behind it. Names are single components relative to an open folder,
// so a folder that is moved or replaced meanwhile is never written to by mistake.
//
// Every call returns 0 (or a descriptor, or a count) on success and -errno on failure; nothing
// throws. Thread: one writer.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace salient {

enum class RenameMode {
  Replace,    ///< a file of that name goes
  NoReplace,  ///< fails with -EEXIST
  Exchange,   ///< both names swap what they name
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual int open_folder(const std::filesystem::path& path) = 0;
  /// Never through a symbolic link.
  virtual int open_subfolder(int folder, const std::string& name) = 0;
  virtual int make_folder(int folder, const std::string& name) = 0;
  /// A new file for writing; -EEXIST when the name is taken.
  virtual int create(int folder, const std::string& name) = 0;
  /// Opens or creates, for a lock file.
  virtual int open_or_create(int folder, const std::string& name) = 0;
  virtual int reserve(int file, std::uint64_t bytes) = 0;
  /// May write less than asked.
  virtual std::int64_t write(int file, std::span<const std::byte> bytes, std::uint64_t offset) = 0;
  virtual int sync(int file_or_folder) = 0;
  virtual int close(int descriptor) = 0;
  virtual int rename(int from_folder, const std::string& from, int to_folder, const std::string& to,
                     RenameMode mode) = 0;
  virtual int remove_file(int folder, const std::string& name) = 0;
  virtual int remove_folder(int folder, const std::string& name) = 0;
};

/// The system's own. Stateless, lives for the whole program.
FileSystem& system_files();

}  // namespace salient
