// SPDX-License-Identifier: Apache-2.0
#pragma once

// The hidden folder beside a target in which it is made, `<parent>/.<name>.job`: on the same file
// system, so that publishing is one rename. It holds the lock of its one writer, the journal of a
// run (engine/job) and the staged export `out/`.

#include <filesystem>
#include <string>

#include "engine/export/durable_file.h"

namespace salient {

/// What to do about a target that exists already.
enum class ExistingTarget { Refuse, Replace };

/// `<parent>/.<name>.job`. Error(BadInput) when the target has no name or one that is too long.
std::filesystem::path job_folder_path(const std::filesystem::path& target);

/// Error(BadInput) unless `target` is free, or is a model folder that may be replaced.
void check_target(const std::filesystem::path& target, ExistingTarget existing);

/// Whether `target` is what the job beside it published: a process that ended between publishing
/// and clean-up left the rest of the job there, and nothing in it is needed any more.
bool was_published(const std::filesystem::path& target);

class JobFolder {
 public:
  /// Makes the folder when absent and takes its lock. Error(BadInput) naming the process that holds
  /// it, or the parent that is missing or read-only.
  JobFolder(FileSystem& files, const std::filesystem::path& target);
  ~JobFolder();
  JobFolder(const JobFolder&) = delete;
  JobFolder& operator=(const JobFolder&) = delete;

  const std::filesystem::path& target() const { return target_; }
  const Folder& folder() const { return folder_; }
  /// `out/`, empty.
  Folder fresh_staging() const;
  /// `out/` becomes the target in one rename; a replaced one is removed afterwards. Error(BadInput)
  /// when the target appeared meanwhile or the parent was moved.
  void publish(ExistingTarget existing) const;
  /// Removes lock and folder; what others put there keeps the folder alive.
  void remove();

 private:
  void take_lock();
  void mark_staging() const;
  void place_new(const std::string& name) const;
  void swap_with_old(const std::string& name) const;

  std::filesystem::path target_;
  Folder parent_;
  Folder folder_;
  int lock_ = -1;
};

}  // namespace salient
