// SPDX-License-Identifier: Apache-2.0
#pragma once

// The peak of this process's memory between two points, from Linux's /proc/self.

#include <cstddef>
#include <optional>

namespace salient::tests {

class MemoryPeak {
 public:
  /// Starts to measure: the recorded peak falls to what is in use now.
  MemoryPeak();
  /// Mebibytes by which the peak rose above the start; nothing where the kernel does not tell.
  std::optional<std::size_t> risen_mebibytes() const;

 private:
  std::optional<std::size_t> start_kibibytes_;
};

}  // namespace salient::tests
