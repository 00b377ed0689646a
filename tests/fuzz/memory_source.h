// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes in memory behind the readers' seam, and what every fuzz target asks of an error: one line
// of plain text. A broken invariant ends the process, so that a fuzzer sees it as a crash.

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient::fuzz {

inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

inline void require_one_line(std::string_view sentence) {
  require(!sentence.empty() && !find_invalid_utf8(sentence));
  for (const char c : sentence) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

class MemorySource : public ByteSource {
 public:
  MemorySource(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
  const std::string& name() const override { return name_; }
  std::uint64_t size() const override { return bytes_.size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    // A reader that asks for more than the file has is itself at fault.
    require(checked::range_fits(offset, out.size(), bytes_.size()));
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::string name_ = "input";
};

/// The input as text.
inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  std::string text(size, '\0');
  if (size > 0) std::memcpy(text.data(), data, size);
  return text;
}

}  // namespace salient::fuzz

/// libFuzzer's entry, one in each target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
