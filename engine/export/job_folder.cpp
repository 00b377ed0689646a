// SPDX-License-Identifier: Apache-2.0
#include "engine/export/job_folder.h"

#include <array>
#include <cerrno>
#include <span>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::size_t kNameBytes = 255;
constexpr std::size_t kPathBytes = 4000;
constexpr const char* kLock = "lock";
constexpr const char* kStaging = "out";
constexpr const char* kReplaced = "replaced";
/// Holds the identity of the staged folder, which it keeps when it is renamed to the target.
constexpr const char* kPublishing = "publishing";

std::string shown(const std::filesystem::path& path) {
  return escaped(path.string(), kPathBytes);
}

/// Absolute, without a trailing slash; links in the parent stay as the user wrote them.
std::filesystem::path normal(const std::filesystem::path& target) {
  std::filesystem::path path = std::filesystem::absolute(target).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool is_taken(const std::filesystem::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

/// A folder that we or a tool like us wrote: replacing it destroys a model, not a home directory.
bool is_model_folder(const std::filesystem::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
  return std::filesystem::is_empty(path) || is_taken(path / "config.json");
}

/// The start of a small file of ours.
std::string start_of(int descriptor) {
  std::array<char, 64> text{};
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::string identity_of(const struct stat& status) {
  return std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + "\n";
}

std::string holder_of(int lock) {
  const std::string digits = start_of(lock);
  const std::size_t end = digits.find_first_not_of("0123456789");
  return end == 0 || digits.empty() ? "another process" : "process " + digits.substr(0, end);
}

bool same_file(int descriptor, int folder, const char* name, int flags) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::fstatat(folder, name, &named, flags) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

void check_writable(const std::filesystem::path& folder) {
  if (::access(folder.c_str(), W_OK | X_OK) == 0) return;
  throw Error(ErrorKind::BadInput,
              shown(folder) + ": cannot be written to: " + std::generic_category().message(errno) +
                  "; choose another folder");
}

Folder open_parent(FileSystem& files, const std::filesystem::path& target) {
  check_writable(target.parent_path());
  return {files, target.parent_path()};
}

}  // namespace

std::filesystem::path job_folder_path(const std::filesystem::path& target) {
  const std::filesystem::path path = normal(target);
  const std::string name = path.filename().string();
  if (name.empty() || name == "." || name == "..") {
    throw Error(ErrorKind::BadInput, shown(target) + ": is no name for a new folder");
  }
  // ".", ".job" and ".tmp" have to fit around it.
  if (name.size() + 9 > kNameBytes || path.string().size() > kPathBytes - kNameBytes) {
    throw Error(ErrorKind::BadInput,
                "the name " + in_quotes(name) + " has " + std::to_string(name.size()) +
                    " bytes, at most " + std::to_string(kNameBytes - 9) +
                    " are possible (paths: " + std::to_string(kPathBytes - kNameBytes) + ")");
  }
  return path.parent_path() / ("." + name + ".job");
}

void check_target(const std::filesystem::path& target, ExistingTarget existing) {
  const std::filesystem::path path = normal(target);
  check_writable(path.parent_path());
  if (!is_taken(path)) return;
  if (existing == ExistingTarget::Refuse) {
    throw Error(ErrorKind::BadInput,
                shown(path) + ": exists already; choose another name or give --overwrite");
  }
  if (!is_model_folder(path)) {
    throw Error(ErrorKind::BadInput, shown(path) +
                                         ": exists and is no model folder, so it is not "
                                         "replaced; remove it yourself");
  }
}

bool was_published(const std::filesystem::path& target) {
  struct stat status {};
  const std::filesystem::path path = normal(target);
  if (::lstat(path.c_str(), &status) != 0) return false;
  const int mark =
      ::open((job_folder_path(path) / kPublishing).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (mark < 0) return false;
  const std::string published = start_of(mark);
  ::close(mark);
  return published == identity_of(status);
}

JobFolder::JobFolder(FileSystem& files, const std::filesystem::path& target)
    : target_(normal(target)),
      parent_(open_parent(files, target_)),
      folder_(parent_.subfolder(job_folder_path(target).filename().string())) {
  take_lock();
}

JobFolder::~JobFolder() {
  if (lock_ >= 0) ::close(lock_);
}

void JobFolder::take_lock() {
  FileSystem& files = folder_.files();
  lock_ = files.open_or_create(folder_.descriptor(), kLock);
  if (lock_ < 0) throw_file_error(-lock_, "locking", folder_.path() / kLock);
  const bool locked = ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
  // A writer that has just finished may have removed the file between open and lock.
  if (!locked || !same_file(lock_, folder_.descriptor(), kLock, AT_SYMLINK_NOFOLLOW)) {
    const std::string holder = holder_of(lock_);
    ::close(lock_);
    lock_ = -1;
    throw Error(ErrorKind::BadInput, shown(target_) + ": is being written by " + holder +
                                         "; wait for it or choose another name");
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  const bool written =
      ::ftruncate(lock_, 0) == 0 && files.write(lock_, std::as_bytes(std::span(text)), 0) >= 0;
  // The text is for messages only; the lock itself does not need it.
  static_cast<void>(written);
}

Folder JobFolder::fresh_staging() const {
  folder_.remove_file(kPublishing);
  folder_.remove_tree(kStaging);
  return folder_.subfolder(kStaging);
}

void JobFolder::publish(ExistingTarget existing) const {
  if (!same_file(parent_.descriptor(), AT_FDCWD, parent_.path().c_str(), 0)) {
    throw Error(ErrorKind::BadInput,
                shown(parent_.path()) +
                    ": was moved or replaced while the model was written; move "
                    "it back and give the same command again");
  }
  check_target(target_, existing);
  mark_staging();
  const std::string name = target_.filename().string();
  if (is_taken(target_)) {
    swap_with_old(name);
  } else {
    place_new(name);
  }
  parent_.sync();
  folder_.remove_tree(kStaging);
  folder_.remove_tree(kReplaced);
}

void JobFolder::mark_staging() const {
  struct stat status {};
  if (::fstatat(folder_.descriptor(), kStaging, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_file_error(errno, "publishing", folder_.path() / kStaging);
  }
  put_file(folder_, kPublishing, identity_of(status));
}

void JobFolder::place_new(const std::string& name) const {
  FileSystem& files = folder_.files();
  const int job = folder_.descriptor();
  const int parent = parent_.descriptor();
  int renamed = files.rename(job, kStaging, parent, name, RenameMode::NoReplace);
  if (renamed == -EINVAL || renamed == -ENOSYS) {
    // No flags here: making the folder is the exclusive step, and a folder may be renamed onto an
    // empty one.
    renamed = files.make_folder(parent, name);
    if (renamed == 0) renamed = files.rename(job, kStaging, parent, name, RenameMode::Replace);
  }
  if (renamed == -EEXIST || renamed == -ENOTEMPTY) {
    throw Error(ErrorKind::BadInput, shown(target_) +
                                         ": appeared while the model was written; "
                                         "rename it, then give the same command again");
  }
  if (renamed < 0) throw_file_error(-renamed, "publishing", target_);
}

void JobFolder::swap_with_old(const std::string& name) const {
  FileSystem& files = folder_.files();
  const int job = folder_.descriptor();
  const int parent = parent_.descriptor();
  int renamed = files.rename(job, kStaging, parent, name, RenameMode::Exchange);
  if (renamed == -EINVAL || renamed == -ENOSYS) {
    renamed = files.rename(parent, name, job, kReplaced, RenameMode::Replace);
    if (renamed == 0) renamed = files.rename(job, kStaging, parent, name, RenameMode::Replace);
  }
  if (renamed < 0) throw_file_error(-renamed, "publishing", target_);
}

void JobFolder::remove() {
  FileSystem& files = folder_.files();
  folder_.remove_tree(kStaging);
  folder_.remove_tree(kReplaced);
  folder_.remove_file(kPublishing);
  folder_.remove_file(kLock);
  const int removed = files.remove_folder(parent_.descriptor(), folder_.path().filename().string());
  if (removed < 0 && removed != -ENOENT && removed != -ENOTEMPTY) {
    throw_file_error(-removed, "removing", folder_.path());
  }
  parent_.sync();
}

}  // namespace salient
