// SPDX-License-Identifier: Apache-2.0
#pragma once

// GPT-2's printable stand-in for each byte, for tests that write byte-level vocabularies.

#include <string>

namespace salient::tests {

/// UTF-8 of the character that stands for `byte`: itself where it is printable Latin-1, otherwise
/// U+0100 and up in byte order.
inline std::string byte_stand_in(int byte) {
  const auto printable = [](int b) {
    return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255);
  };
  int code = byte;
  if (!printable(byte)) {
    code = 256;
    for (int b = 0; b < byte; ++b) code += printable(b) ? 0 : 1;
  }
  if (code < 128) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
}

}  // namespace salient::tests
