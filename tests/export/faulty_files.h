// SPDX-License-Identifier: Apache-2.0
#pragma once

// A disk for tests that fails the n-th call that changes something (and, if asked, all that follow)
// with one errno, and writes half of what is long.

#include <cerrno>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/export/file_system.h"

namespace salient::tests {

class FaultyFiles : public FileSystem {
 public:
  enum class Lasting { Once, FromThenOn };
  FaultyFiles(int failing_call, int error, Lasting lasting)
      : failing_call_(failing_call), error_(error), lasting_(lasting) {}

  bool reached() const { return calls_ >= failing_call_; }

  int open_folder(const std::filesystem::path& path) override { return real_.open_folder(path); }
  int open_subfolder(int folder, const std::string& name) override {
    return real_.open_subfolder(folder, name);
  }
  int make_folder(int folder, const std::string& name) override {
    return fails() ? -error_ : real_.make_folder(folder, name);
  }
  int create(int folder, const std::string& name) override {
    return fails() ? -error_ : real_.create(folder, name);
  }
  int open_or_create(int folder, const std::string& name) override {
    return fails() ? -error_ : real_.open_or_create(folder, name);
  }
  int reserve(int file, std::uint64_t bytes) override {
    return fails() ? -error_ : real_.reserve(file, bytes);
  }
  std::int64_t write(int file, std::span<const std::byte> bytes, std::uint64_t offset) override {
    if (fails()) return -error_;
    // Partial writes are legal, so every long write is one.
    constexpr std::size_t kLong = 4096;
    const std::size_t part = bytes.size() > kLong ? bytes.size() / 2 : bytes.size();
    return real_.write(file, bytes.first(part), offset);
  }
  int sync(int file_or_folder) override { return fails() ? -error_ : real_.sync(file_or_folder); }
  int close(int descriptor) override { return real_.close(descriptor); }
  int rename(int from_folder, const std::string& from, int to_folder, const std::string& to,
             RenameMode mode) override {
    return fails() ? -error_ : real_.rename(from_folder, from, to_folder, to, mode);
  }
  int remove_file(int folder, const std::string& name) override {
    return real_.remove_file(folder, name);
  }
  int remove_folder(int folder, const std::string& name) override {
    return real_.remove_folder(folder, name);
  }

 private:
  bool fails() {
    ++calls_;
    return lasting_ == Lasting::Once ? calls_ == failing_call_ : calls_ >= failing_call_;
  }

  FileSystem& real_ = system_files();
  int calls_ = 0;
  int failing_call_;
  int error_;
  Lasting lasting_;
};

}  // namespace salient::tests
