// SPDX-License-Identifier: Apache-2.0
#include "tests/bad_inputs/memory_peak.h"

#include <fstream>
#include <string>

namespace salient::tests {
namespace {

std::optional<std::size_t> peak_kibibytes() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    std::size_t kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes;
  }
  return std::nullopt;
}

}  // namespace

MemoryPeak::MemoryPeak() {
  std::ofstream reset("/proc/self/clear_refs");
  reset << "5";
  if (reset.flush()) start_kibibytes_ = peak_kibibytes();
}

std::optional<std::size_t> MemoryPeak::risen_mebibytes() const {
  const std::optional<std::size_t> now = peak_kibibytes();
  if (!now || !start_kibibytes_ || *now < *start_kibibytes_) return std::nullopt;
  return (*now - *start_kibibytes_) / 1024;
}

}  // namespace salient::tests
