// SPDX-License-Identifier: Apache-2.0
#pragma once

// The log of an unfinished run, `log` in its job folder: one line with the time per change of its
// state, so that what a run was doing and why it ended can be told after any end, also of the
// process. It is for people: nothing is decided by it, and a line that cannot be written is let go.

#include <filesystem>
#include <string>

#include "engine/job/events.h"

namespace salient {

inline constexpr const char* kRunLog = "log";

class RunLog {
 public:
  /// Goes on behind what earlier attempts wrote.
  explicit RunLog(const std::filesystem::path& job_folder);
  ~RunLog();
  RunLog(const RunLog&) = delete;
  RunLog& operator=(const RunLog&) = delete;

  /// Writes a line for an event that changes the state; others are left out.
  void add(const Event& event) noexcept;

 private:
  int descriptor_ = -1;
  std::string export_step_;
};

/// "2026-11-22 22:40:13 UTC, block 3 finished in 4.2 s", of a job folder; empty when there is none.
std::string last_log_line(const std::filesystem::path& job_folder);

}  // namespace salient
