// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a GGUF header front to back through a small buffer. Every length is compared with the bytes
// that are left before anything is taken; errors name the offset.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/checkpoint/file_source.h"

namespace salient {

class GgufCursor {
 public:
  explicit GgufCursor(const ByteSource& source) : source_(source) {}

  std::uint64_t offset() const { return offset_; }
  std::uint64_t remaining() const { return source_.size() - offset_; }

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64() { return little_endian(8); }
  /// A u64 length of `what`, which fits into the bytes left.
  std::uint64_t length(const std::string& what);
  /// `length` bytes, which the caller has bounded.
  std::string text(std::uint64_t length);
  void skip(std::uint64_t length);

  /// Throws Error(BadInput) unless `count` items of `item_bytes` each are left.
  void need(std::uint64_t count, std::uint64_t item_bytes, const std::string& what) const;
  /// Throws Error(BadInput): "file: byte <offset>: <sentence>".
  [[noreturn]] void refuse(const std::string& sentence) const;
  const std::string& name() const { return source_.name(); }

 private:
  static constexpr std::size_t kBufferBytes = 1 << 16;

  std::uint64_t little_endian(std::size_t bytes);
  void take(std::span<std::byte> out);
  void fill();

  const ByteSource& source_;
  std::uint64_t offset_ = 0;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_start_ = 0;
};

}  // namespace salient
