// SPDX-License-Identifier: Apache-2.0
#pragma once

// The metadata of a GGUF file as it stands in the file: keys with typed values, in the order given.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace salient {

/// Little-endian bytes of what GGUF files are made of.
void put_u32(std::string& bytes, std::uint32_t value);
void put_u64(std::string& bytes, std::uint64_t value);
/// Its length as u64, then the bytes.
void put_text(std::string& bytes, std::string_view text);

class GgufKeys {
 public:
  void add(std::string_view key, std::uint32_t value);
  void add(std::string_view key, float value);
  void add(std::string_view key, bool value);
  void add(std::string_view key, std::string_view text);
  void add(std::string_view key, const char* text) { add(key, std::string_view(text)); }
  void add(std::string_view key, std::span<const std::string> texts);
  void add(std::string_view key, std::span<const float> values);
  void add(std::string_view key, std::span<const std::int32_t> values);

  std::uint64_t count() const { return count_; }
  const std::string& bytes() const { return bytes_; }

 private:
  void begin(std::string_view key, std::uint32_t type);
  void begin_array(std::string_view key, std::uint32_t type, std::size_t count);

  std::uint64_t count_ = 0;
  std::string bytes_;
};

}  // namespace salient
