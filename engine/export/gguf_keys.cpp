// SPDX-License-Identifier: Apache-2.0
#include "engine/export/gguf_keys.h"

#include <bit>

namespace salient {
namespace {

/// GGUF's numbers of its value types.
constexpr std::uint32_t kU32 = 4;
constexpr std::uint32_t kI32 = 5;
constexpr std::uint32_t kF32 = 6;
constexpr std::uint32_t kBool = 7;
constexpr std::uint32_t kText = 8;
constexpr std::uint32_t kArray = 9;

}  // namespace

void put_u32(std::string& bytes, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

void put_u64(std::string& bytes, std::uint64_t value) {
  put_u32(bytes, static_cast<std::uint32_t>(value));
  put_u32(bytes, static_cast<std::uint32_t>(value >> 32U));
}

void put_text(std::string& bytes, std::string_view text) {
  put_u64(bytes, text.size());
  bytes += text;
}

void GgufKeys::begin(std::string_view key, std::uint32_t type) {
  put_text(bytes_, key);
  put_u32(bytes_, type);
  ++count_;
}

void GgufKeys::begin_array(std::string_view key, std::uint32_t type, std::size_t count) {
  begin(key, kArray);
  put_u32(bytes_, type);
  put_u64(bytes_, count);
}

void GgufKeys::add(std::string_view key, std::uint32_t value) {
  begin(key, kU32);
  put_u32(bytes_, value);
}

void GgufKeys::add(std::string_view key, float value) {
  begin(key, kF32);
  put_u32(bytes_, std::bit_cast<std::uint32_t>(value));
}

void GgufKeys::add(std::string_view key, bool value) {
  begin(key, kBool);
  bytes_.push_back(value ? '\1' : '\0');
}

void GgufKeys::add(std::string_view key, std::string_view text) {
  begin(key, kText);
  put_text(bytes_, text);
}

void GgufKeys::add(std::string_view key, std::span<const std::string> texts) {
  begin_array(key, kText, texts.size());
  for (const std::string& text : texts) put_text(bytes_, text);
}

void GgufKeys::add(std::string_view key, std::span<const float> values) {
  begin_array(key, kF32, values.size());
  for (const float value : values) put_u32(bytes_, std::bit_cast<std::uint32_t>(value));
}

void GgufKeys::add(std::string_view key, std::span<const std::int32_t> values) {
  begin_array(key, kI32, values.size());
  for (const std::int32_t value : values) put_u32(bytes_, static_cast<std::uint32_t>(value));
}

}  // namespace salient
