// SPDX-License-Identifier: Apache-2.0
#pragma once

// A program run in a process of its own, as a person at a shell would see it: status, both streams,
// processor time and peak memory.

#include <string>
#include <vector>

namespace salient::tests {

struct ChildResult {
  int status = 0;  ///< exit status, or minus the number of the signal that ended it
  std::string out, err;
  double processor_seconds = 0;
  std::size_t peak_mebibytes = 0;
};

struct ChildSettings {
  std::string input;                     ///< on stdin
  std::vector<std::string> environment;  ///< "NAME=value", on top of our own
  int seconds = 60;                      ///< of the wall; then it is ended by a signal
  int interrupt_milliseconds = 0;        ///< after which it gets Ctrl+C; 0: never
};

/// `arguments[0]` is the program. Throws std::runtime_error when it cannot be started at all.
ChildResult run_child(const std::vector<std::string>& arguments,
                      const ChildSettings& settings = {});

}  // namespace salient::tests
