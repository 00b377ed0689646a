// SPDX-License-Identifier: Apache-2.0
#include "engine/export/durable_file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/statvfs.h>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"
#include "engine/stop.h"

namespace salient {
namespace {

constexpr std::size_t kPathCharacters = 4096;
/// Bytes written between two looks at a request to stop.
constexpr std::size_t kPieceBytes = 4 << 20;

std::uint64_t free_bytes(const std::filesystem::path& path) {
  struct statvfs status {};
  if (::statvfs(path.parent_path().c_str(), &status) != 0) return 0;
  return status.f_bavail * status.f_frsize;
}

/// " 1200 bytes needed, 200 free (1000 missing)", or "" when the amounts say nothing.
std::string missing_amount(std::uint64_t needed, std::uint64_t free) {
  if (needed == 0) return "";
  std::string text = ", " + std::to_string(needed) + " bytes needed";
  if (free < needed) {
    text += ", " + std::to_string(free) + " free (" + std::to_string(needed - free) + " missing)";
  }
  return text;
}

}  // namespace

void throw_file_error(int code, std::string_view doing, const std::filesystem::path& path,
                      std::uint64_t bytes) {
  const std::string shown = escaped(path.string(), kPathCharacters);
  switch (code) {
    case ENOSPC:
      throw Error(ErrorKind::Resources, "disk full: " + shown +
                                            missing_amount(bytes, free_bytes(path)) +
                                            "; make room, then give the same command again");
    case EDQUOT:
      throw Error(ErrorKind::Resources, "disk quota used up: " + shown + missing_amount(bytes, 0) +
                                            "; make room and try again");
    case EFBIG:
      throw Error(ErrorKind::Resources, shown +
                                            ": the file would be larger than the limit for "
                                            "files here" +
                                            missing_amount(bytes, bytes));
    default:
      throw Error(ErrorKind::Failure, shown + ": " + std::string(doing) +
                                          " failed: " + std::generic_category().message(code));
  }
}

Folder::Folder(FileSystem& files, std::filesystem::path path)
    : files_(&files), path_(std::move(path)), descriptor_(files.open_folder(path_)) {
  if (descriptor_ >= 0) return;
  throw Error(ErrorKind::BadInput, escaped(path_.string(), kPathCharacters) +
                                       ": cannot be opened as a folder: " +
                                       std::generic_category().message(-descriptor_));
}

Folder::Folder(FileSystem& files, std::filesystem::path path, int descriptor)
    : files_(&files), path_(std::move(path)), descriptor_(descriptor) {}

Folder::~Folder() {
  if (descriptor_ >= 0) files_->close(descriptor_);
}

Folder::Folder(Folder&& other) noexcept
    : files_(other.files_),
      path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

Folder& Folder::operator=(Folder&& other) noexcept {
  std::swap(files_, other.files_);
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Folder Folder::subfolder(const std::string& name) const {
  const std::filesystem::path below = path_ / name;
  const int made = files_->make_folder(descriptor_, name);
  if (made < 0 && made != -EEXIST) throw_file_error(-made, "making the folder", below);
  if (made == 0) sync();
  const int opened = files_->open_subfolder(descriptor_, name);
  if (opened < 0) throw_file_error(-opened, "opening the folder", below);
  return {*files_, below, opened};
}

void Folder::sync() const {
  const int synced = files_->sync(descriptor_);
  if (synced < 0) throw_file_error(-synced, "syncing the folder", path_);
}

std::vector<std::string> Folder::list() const {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(path_, failed)) {
    names.push_back(entry.path().filename().string());
  }
  if (failed) throw_file_error(failed.value(), "reading the folder", path_);
  std::ranges::sort(names);
  return names;
}

void Folder::remove_file(const std::string& name) const {
  const int removed = files_->remove_file(descriptor_, name);
  if (removed < 0 && removed != -ENOENT) throw_file_error(-removed, "removing", path_ / name);
}

void Folder::remove_tree(const std::string& name) const {
  const int removed = files_->remove_file(descriptor_, name);
  if (removed == 0 || removed == -ENOENT) return;
  const int opened = files_->open_subfolder(descriptor_, name);
  if (opened < 0) throw_file_error(-opened, "removing", path_ / name);
  {
    const Folder below(*files_, path_ / name, opened);
    for (const std::string& entry : below.list()) below.remove_tree(entry);
  }
  const int gone = files_->remove_folder(descriptor_, name);
  if (gone < 0) throw_file_error(-gone, "removing", path_ / name);
}

DurableFile::DurableFile(const Folder& folder, std::string name, std::uint64_t bytes)
    : folder_(folder), name_(std::move(name)), bytes_(bytes) {
  const std::string temporary = name_ + ".tmp";
  descriptor_ = folder_.files().create(folder_.descriptor(), temporary);
  if (descriptor_ == -EEXIST) {
    // Ours, from a run that was killed: the lock of the folder says that nobody else writes here.
    folder_.remove_file(temporary);
    descriptor_ = folder_.files().create(folder_.descriptor(), temporary);
  }
  require(descriptor_, "creating");
  const int reserved = folder_.files().reserve(descriptor_, bytes);
  if (reserved == 0) return;
  folder_.files().close(std::exchange(descriptor_, -1));
  folder_.files().remove_file(folder_.descriptor(), temporary);
  require(reserved, "reserving");
}

DurableFile::~DurableFile() {
  if (descriptor_ >= 0) folder_.files().close(descriptor_);
  if (!published_) folder_.files().remove_file(folder_.descriptor(), name_ + ".tmp");
}

void DurableFile::require(int outcome, std::string_view doing) const {
  if (outcome < 0) throw_file_error(-outcome, doing, folder_.path() / name_, bytes_);
}

void DurableFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes,
                           const std::stop_token& stop) {
  while (!bytes.empty()) {
    throw_if_stopped(stop);
    const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
    const std::int64_t written = folder_.files().write(descriptor_, piece, offset);
    if (written == -EINTR) continue;
    require(static_cast<int>(std::min<std::int64_t>(written, 0)), "writing");
    if (written == 0) require(-EIO, "writing");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void DurableFile::publish() {
  FileSystem& files = folder_.files();
  require(files.sync(descriptor_), "syncing");
  // What is read back should come from the disk, not from the cache that was just written.
  ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED);
  require(files.close(std::exchange(descriptor_, -1)), "closing");
  require(files.rename(folder_.descriptor(), name_ + ".tmp", folder_.descriptor(), name_,
                       RenameMode::Replace),
          "renaming");
  published_ = true;
  folder_.sync();
}

void put_file(const Folder& folder, const std::string& name, std::string_view text) {
  DurableFile file(folder, name, text.size());
  file.write_at(0, std::as_bytes(std::span(text)));
  file.publish();
}

}  // namespace salient
