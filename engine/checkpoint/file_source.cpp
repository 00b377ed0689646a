// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/file_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/stop.h"

namespace salient {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

std::string reason(int error) {
  return std::generic_category().message(error);
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "no regular file";
}

[[noreturn]] void refuse_opening(const std::filesystem::path& path, int error) {
  const ErrorKind kind = error == EMFILE || error == ENFILE || error == ENOMEM
                             ? ErrorKind::Resources
                             : ErrorKind::BadInput;
  const std::string what = error == ELOOP ? "it is a link or a loop of links" : reason(error);
  throw Error(kind, escaped(path.string(), 4096) + ": cannot be opened: " + what);
}

}  // namespace

FileSource::FileSource(const std::filesystem::path& path, Links links, std::string_view shown_as)
    : name_(escaped(shown_as.empty() ? path.filename().string() : std::string(shown_as), 255)) {
  // O_NONBLOCK keeps open() from waiting for the writer of a FIFO; it has no effect on files.
  const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  descriptor_ = ::open(path.c_str(), links == Links::Refuse ? flags | O_NOFOLLOW : flags);
  if (descriptor_ < 0) refuse_opening(path, errno);
  struct stat status {};
  const bool regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  if (!regular) {
    ::close(std::exchange(descriptor_, -1));
    throw Error(ErrorKind::BadInput, escaped(path.string(), 4096) + ": is " +
                                         kind_of(status.st_mode) + ", a file is needed");
  }
  identity_.path = path;
  identity_.size = static_cast<std::uint64_t>(status.st_size);
  identity_.device = status.st_dev;
  identity_.inode = status.st_ino;
  identity_.mtime_ns = nanoseconds(status.st_mtim);
  identity_.ctime_ns = nanoseconds(status.st_ctim);
  owner_ = status.st_uid;
  link_count_ = status.st_nlink;
}

FileSource::~FileSource() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileSource::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (!checked::range_fits(offset, out.size(), identity_.size)) {
    throw Error(ErrorKind::BadInput, name_ + ": " + std::to_string(out.size()) + " bytes at " +
                                         std::to_string(offset) + " are wanted, the file has " +
                                         std::to_string(identity_.size));
  }
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw Error(ErrorKind::Failure, name_ + ": reading at byte " + std::to_string(offset) +
                                          " failed: " + reason(errno));
    }
    if (got == 0) {
      throw Error(ErrorKind::BadInput, name_ + ": changed while in use: it now ends at byte " +
                                           std::to_string(offset) + ", it had " +
                                           std::to_string(identity_.size) + " bytes");
    }
    out = out.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
}

void FileSource::check_unchanged() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    throw Error(ErrorKind::Failure, name_ + ": cannot be looked at: " + reason(errno));
  }
  const bool same_content = static_cast<std::uint64_t>(status.st_size) == identity_.size &&
                            nanoseconds(status.st_mtim) == identity_.mtime_ns;
  // Removing or adding a name of the file moves ctime too, and leaves the bytes alone.
  const bool same_status =
      nanoseconds(status.st_ctim) == identity_.ctime_ns || status.st_nlink != link_count_;
  if (same_content && same_status) return;
  throw Error(
      ErrorKind::BadInput,
      name_ + ": changed while in use: open it again, so that no result mixes two versions");
}

void StoppableSource::read(std::uint64_t offset, std::span<std::byte> out) const {
  do {
    throw_if_stopped(stop_);
    const std::size_t length = std::min(out.size(), kPieceBytes);
    source_.read(offset, out.first(length));
    out = out.subspan(length);
    offset += length;
  } while (!out.empty());
}

std::string read_text(const ByteSource& source, std::uint64_t max_bytes) {
  if (source.size() > max_bytes) {
    throw Error(ErrorKind::BadInput, source.name() + ": has " + std::to_string(source.size()) +
                                         " bytes, at most " + std::to_string(max_bytes) +
                                         " are read");
  }
  std::string text(static_cast<std::size_t>(source.size()), '\0');
  source.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

std::string foreign_kind(const ByteSource& source) {
  std::array<char, 40> buffer{};
  const auto length =
      static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), buffer.size()));
  source.read(0, std::as_writable_bytes(std::span(buffer)).first(length));
  const std::string_view start(buffer.data(), length);
  if (start.empty()) return "is an empty file";
  using Kind = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Kind, 12> kKinds = {{
      {"version https://git-lfs", "is a Git LFS pointer, the weights were not downloaded"},
      {"<!DOCTYPE", "is an HTML page, not weights: download it again"},
      {"<!doctype", "is an HTML page, not weights: download it again"},
      {"<html", "is an HTML page, not weights: download it again"},
      {"<?xml", "is an XML page, not weights: download it again"},
      {"PK\x03\x04", "is a zip archive (a PyTorch file?): convert it to safetensors"},
      {"\x80\x02", "is a pickle (an old PyTorch file?): convert it to safetensors"},
      {"\x1f\x8b", "is a gzip archive: unpack it first"},
      {"7z\xBC\xAF", "is a 7z archive: unpack it first"},
      {"GGUF", "is a GGUF file"},
      {"FUGG", "is a big-endian GGUF file: convert it to little endian"},
      {"ggml", "is an old GGML file: convert it to GGUF"},
  }};
  for (const auto& [magic, kind] : kKinds) {
    if (start.starts_with(magic)) return std::string(kind);
  }
  return {};
}

}  // namespace salient
