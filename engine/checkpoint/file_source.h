// SPDX-License-Identifier: Apache-2.0
#pragma once

// A source file, opened once, read with pread into our own buffers (never mapped: a mapped file
// that shrinks would end the process) and pinned: its identity is recorded at opening and compared
// on request. `ByteSource` is the seam behind which fuzz targets put bytes in memory.
//
// Thread: `read` may be called from several threads.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/checkpoint/checkpoint.h"

namespace salient {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// What error sentences call it: the file's name, escaped.
  virtual const std::string& name() const = 0;
  virtual std::uint64_t size() const = 0;
  /// Fills `out` from `offset`. Throws Error(BadInput) when the range is not in the file.
  virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

/// Reads through `source` a piece at a time, and throws Error(Cancelled) between two of them once
/// `stop` was requested. Both outlive this.
class StoppableSource final : public ByteSource {
 public:
  StoppableSource(const ByteSource& source, const std::stop_token& stop)
      : source_(source), stop_(stop) {}

  const std::string& name() const override { return source_.name(); }
  std::uint64_t size() const override { return source_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
  const ByteSource& source_;
  const std::stop_token& stop_;
};

enum class Links {
  Follow,  ///< the path was chosen by the user
  Refuse,  ///< the name came from a folder's contents
};

class FileSource : public ByteSource {
 public:
  /// Opens a regular file for reading without ever blocking on a FIFO. Throws Error(BadInput)
  /// naming the path when it is anything else or cannot be opened. `shown_as` names it in
  /// sentences; empty: the last component of the path.
  explicit FileSource(const std::filesystem::path& path, Links links = Links::Follow,
                      std::string_view shown_as = {});
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return identity_.size; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  const SourceFile& identity() const { return identity_; }
  /// Owner and number of names, for the hard-link warning.
  std::uint64_t owner() const { return owner_; }
  std::uint64_t link_count() const { return link_count_; }
  /// Throws Error(BadInput) when the file changed since it was opened.
  void check_unchanged() const;

 private:
  int descriptor_ = -1;
  std::string name_;
  SourceFile identity_;
  std::uint64_t owner_ = 0;
  std::uint64_t link_count_ = 1;
};

/// The whole file. Throws Error(BadInput) when it has more than `max_bytes`.
std::string read_text(const ByteSource& source, std::uint64_t max_bytes);

/// What the first bytes of a file that should hold weights say it is instead ("is a Git LFS
/// pointer, the weights were not downloaded"); empty when they say nothing.
std::string foreign_kind(const ByteSource& source);

}  // namespace salient
