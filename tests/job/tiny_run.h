// SPDX-License-Identifier: Apache-2.0
#pragma once

// Whole runs on the tiny checkpoint, with their events kept, and ways to compare what they leave.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/job/job.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {

/// About `bytes` bytes of words, the same every time.
std::string made_text(std::size_t bytes);

/// Relative path to contents of every file below `folder`.
std::map<std::string, std::string> files_below(const std::filesystem::path& folder);
std::string text_of(const std::filesystem::path& file);

struct TinyRun {
  explicit TinyRun(const TinyCheckpoint& checkpoint = make_tiny_checkpoint());

  std::filesystem::path source() const { return folder.path() / "source"; }
  std::filesystem::path target() const { return folder.path() / "out"; }
  std::filesystem::path job_folder() const { return folder.path() / ".out.job"; }
  bool published() const { return std::filesystem::exists(target()); }

  Plan plan() const;
  /// Plans and runs; `watch` sees every event as it comes and may use `control`.
  RunFinished run(const std::function<void(const Event&)>& watch = {});
  /// The Error that planning throws: its sentence, or "".
  std::string plan_error(ErrorKind kind = ErrorKind::BadInput) const;

  TemporaryFolder folder;
  JobOptions options;
  std::unique_ptr<Backend> backend = make_cpu_backend(1);
  std::unique_ptr<RunControl> control = std::make_unique<RunControl>();
  std::vector<Event> events;  ///< of the last run
};

/// "RunStarted", "AlphaTried", ...
std::string name_of(const Event& event);

}  // namespace salient::tests
