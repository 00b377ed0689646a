// SPDX-License-Identifier: Apache-2.0
#pragma once

// The text a run calibrates on: the user's file, or the default text handed in by the program.

#include <string>
#include <vector>

#include "engine/job/job.h"

namespace salient {

/// More text than this is never needed, and a file without end is not read to its end.
inline constexpr std::uint64_t kCalibrationTextBytes = 64ULL << 20U;

struct CalibrationText {
  std::string name;  ///< "c4.txt", or "the default text"
  std::string text;
  std::string sha256;
  std::vector<std::string> warnings;
};

/// Error(BadInput) naming the file that is missing or empty.
CalibrationText read_calibration_text(const JobOptions& options);

}  // namespace salient
