// SPDX-License-Identifier: Apache-2.0
#pragma once

// A disk that loses power at the n-th call: from then on nothing is done, and `lose_power` takes
// back what was never synced. Files that were not synced become empty; names whose folder was not
// synced return to what they were, the latest first. Harsher than most disks, and allowed.

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "engine/export/file_system.h"

namespace salient::tests {

class ForgettingFiles : public FileSystem {
 public:
  explicit ForgettingFiles(int last_call) : calls_left_(last_call) {}

  bool dead() const { return calls_left_ < 0; }

  void lose_power() {
    calls_left_ = -1;
    for (const std::filesystem::path& path : unsynced_files_) {
      std::error_code ignored;
      std::filesystem::resize_file(path, 0, ignored);
    }
    for (auto change = unsynced_names_.rbegin(); change != unsynced_names_.rend(); ++change) {
      change->undo();
    }
  }

  int open_folder(const std::filesystem::path& path) override { return real_.open_folder(path); }
  int open_subfolder(int folder, const std::string& name) override {
    return real_.open_subfolder(folder, name);
  }
  int make_folder(int folder, const std::string& name) override {
    if (!alive()) return -EIO;
    const int made = real_.make_folder(folder, name);
    if (made == 0) remember_new(folder, name);
    return made;
  }
  int create(int folder, const std::string& name) override {
    if (!alive()) return -EIO;
    const int file = real_.create(folder, name);
    if (file >= 0) {
      remember_new(folder, name);
      unsynced_files_.push_back(path_of(file));
    }
    return file;
  }
  int open_or_create(int folder, const std::string& name) override {
    return alive() ? real_.open_or_create(folder, name) : -EIO;
  }
  int reserve(int file, std::uint64_t bytes) override {
    return alive() ? real_.reserve(file, bytes) : -EIO;
  }
  std::int64_t write(int file, std::span<const std::byte> bytes, std::uint64_t offset) override {
    return alive() ? real_.write(file, bytes, offset) : -EIO;
  }
  int sync(int file_or_folder) override {
    if (!alive()) return -EIO;
    const std::filesystem::path path = path_of(file_or_folder);
    std::erase(unsynced_files_, path);
    std::erase_if(unsynced_names_, [&](const Change& change) { return change.folder == path; });
    return real_.sync(file_or_folder);
  }
  int close(int descriptor) override { return real_.close(descriptor); }
  int rename(int from_folder, const std::string& from, int to_folder, const std::string& to,
             RenameMode mode) override {
    if (!alive()) return -EIO;
    const std::filesystem::path source = path_of(from_folder) / from;
    const std::filesystem::path target = path_of(to_folder) / to;
    const int renamed = real_.rename(from_folder, from, to_folder, to, mode);
    if (renamed < 0) return renamed;
    // Also of files inside a folder that is renamed.
    const std::string inside = source.string() + "/";
    for (std::filesystem::path& path : unsynced_files_) {
      if (path == source) path = target;
      if (path.string().starts_with(inside)) path = target / path.string().substr(inside.size());
    }
    unsynced_names_.push_back({path_of(to_folder), [source, target] {
                                 std::error_code ignored;
                                 std::filesystem::rename(target, source, ignored);
                               }});
    return 0;
  }
  int remove_file(int folder, const std::string& name) override {
    return alive() ? real_.remove_file(folder, name) : -EIO;
  }
  int remove_folder(int folder, const std::string& name) override {
    return alive() ? real_.remove_folder(folder, name) : -EIO;
  }

 private:
  struct Change {
    std::filesystem::path folder;
    std::function<void()> undo;
  };

  bool alive() { return --calls_left_ >= 0; }

  static std::filesystem::path path_of(int descriptor) {
    return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor));
  }

  void remember_new(int folder, const std::string& name) {
    const std::filesystem::path path = path_of(folder) / name;
    unsynced_names_.push_back({path_of(folder), [path] {
                                 std::error_code ignored;
                                 std::filesystem::remove_all(path, ignored);
                               }});
  }

  FileSystem& real_ = system_files();
  int calls_left_;
  std::vector<std::filesystem::path> unsynced_files_;  ///< under their present names
  std::vector<Change> unsynced_names_;
};

}  // namespace salient::tests
