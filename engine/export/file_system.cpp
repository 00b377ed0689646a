// SPDX-License-Identifier: Apache-2.0
#include "engine/export/file_system.h"

#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace salient {
namespace {

int result(int returned) {
  return returned < 0 ? -errno : returned;
}

unsigned flags_of(RenameMode mode) {
  switch (mode) {
    case RenameMode::Replace:
      return 0;
    case RenameMode::NoReplace:
      return RENAME_NOREPLACE;
    case RenameMode::Exchange:
      return RENAME_EXCHANGE;
  }
  return 0;
}

class SystemFiles : public FileSystem {
 public:
  int open_folder(const std::filesystem::path& path) override {
    return result(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  int open_subfolder(int folder, const std::string& name) override {
    return result(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  int make_folder(int folder, const std::string& name) override {
    return result(::mkdirat(folder, name.c_str(), 0777));
  }
  int create(int folder, const std::string& name) override {
    return result(
        ::openat(folder, name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0666));
  }
  int open_or_create(int folder, const std::string& name) override {
    return result(::openat(folder, name.c_str(), O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0666));
  }
  int reserve(int file, std::uint64_t bytes) override {
    // posix_fallocate would write zeros where the file system cannot reserve; plain fallocate says
    // so, and then the disk may be found full later.
    if (bytes == 0) return 0;
    const int failed = result(::fallocate(file, 0, 0, static_cast<off_t>(bytes)));
    return failed == -EOPNOTSUPP || failed == -ENOSYS ? 0 : failed;
  }
  std::int64_t write(int file, std::span<const std::byte> bytes, std::uint64_t offset) override {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    return written < 0 ? -errno : written;
  }
  int sync(int file_or_folder) override { return result(::fsync(file_or_folder)); }
  int close(int descriptor) override { return result(::close(descriptor)); }
  int rename(int from_folder, const std::string& from, int to_folder, const std::string& to,
             RenameMode mode) override {
    if (mode == RenameMode::Replace) {
      return result(::renameat(from_folder, from.c_str(), to_folder, to.c_str()));
    }
    return result(::renameat2(from_folder, from.c_str(), to_folder, to.c_str(), flags_of(mode)));
  }
  int remove_file(int folder, const std::string& name) override {
    return result(::unlinkat(folder, name.c_str(), 0));
  }
  int remove_folder(int folder, const std::string& name) override {
    return result(::unlinkat(folder, name.c_str(), AT_REMOVEDIR));
  }
};

}  // namespace

FileSystem& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace salient
