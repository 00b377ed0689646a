// SPDX-License-Identifier: Apache-2.0
#pragma once

// A number as sentences say it: "-1", "0.25", the shortest digits that read back as the same value,
// whatever the locale.

#include <array>
#include <charconv>
#include <string>

namespace salient {

inline std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto [end, failed] = std::to_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} ? std::string(text.data(), end) : std::string("a number");
}

}  // namespace salient
