// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_cursor.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/checkpoint/checked.h"
#include "engine/error.h"

namespace salient {

void GgufCursor::refuse(const std::string& sentence) const {
  throw Error(ErrorKind::BadInput,
              source_.name() + ": byte " + std::to_string(offset_) + ": " + sentence);
}

void GgufCursor::need(std::uint64_t count, std::uint64_t item_bytes,
                      const std::string& what) const {
  const std::optional<std::uint64_t> bytes = checked::multiply(count, item_bytes);
  if (bytes && *bytes <= remaining()) return;
  refuse(what + " needs at least " +
         (bytes ? std::to_string(*bytes)
                : std::to_string(count) + " times " + std::to_string(item_bytes)) +
         " bytes, " + std::to_string(remaining()) + " are left");
}

void GgufCursor::fill() {
  buffer_start_ = offset_;
  buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kBufferBytes, remaining())));
  source_.read(buffer_start_, buffer_);
}

void GgufCursor::take(std::span<std::byte> out) {
  while (!out.empty()) {
    if (offset_ < buffer_start_ || offset_ >= buffer_start_ + buffer_.size()) fill();
    const auto at = static_cast<std::size_t>(offset_ - buffer_start_);
    const std::size_t length = std::min(out.size(), buffer_.size() - at);
    std::memcpy(out.data(), buffer_.data() + at, length);
    out = out.subspan(length);
    offset_ += length;
  }
}

std::uint64_t GgufCursor::little_endian(std::size_t bytes) {
  need(bytes, 1, "a number");
  std::array<std::byte, 8> raw{};
  take(std::span(raw).first(bytes));
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;)
    value = (value << 8U) | std::to_integer<std::uint64_t>(raw[i]);
  return value;
}

std::uint64_t GgufCursor::length(const std::string& what) {
  const std::uint64_t start = offset_;
  const std::uint64_t value = u64();
  if (value <= remaining()) return value;
  const std::uint64_t left = remaining();
  offset_ = start;
  refuse(what + " of " + std::to_string(value) + " bytes, " + std::to_string(left) + " are left");
}

std::string GgufCursor::text(std::uint64_t length) {
  need(length, 1, "a string");
  std::string result(static_cast<std::size_t>(length), '\0');
  take(std::as_writable_bytes(std::span(result)));
  return result;
}

void GgufCursor::skip(std::uint64_t length) {
  need(length, 1, "a value");
  offset_ += length;
}

}  // namespace salient
