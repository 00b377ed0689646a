// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_metadata.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <utility>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

/// Key length, one letter, type, one byte of value.
constexpr std::uint64_t kMinPairBytes = 8 + 1 + 4 + 1;

constexpr std::array<std::string_view, 2> kKeptTexts = {"tokenizer.ggml.tokens",
                                                        "tokenizer.ggml.merges"};
constexpr std::string_view kKeptFloats = "tokenizer.ggml.scores";
constexpr std::string_view kKeptIntegers = "tokenizer.ggml.token_type";

/// Bytes of one element; 0 for strings and arrays, which have no fixed size.
std::uint64_t element_bytes(GgufKind kind) {
  switch (kind) {
    case GgufKind::U8:
    case GgufKind::I8:
    case GgufKind::Bool:
      return 1;
    case GgufKind::U16:
    case GgufKind::I16:
      return 2;
    case GgufKind::U32:
    case GgufKind::I32:
    case GgufKind::F32:
      return 4;
    case GgufKind::U64:
    case GgufKind::I64:
    case GgufKind::F64:
      return 8;
    case GgufKind::String:
    case GgufKind::Array:
      break;
  }
  return 0;
}

/// The shortest decimal of a float32, as a double: 1e-05 and not 9.99999974737875e-06.
double shortest(float value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  double result = 0.0;
  std::from_chars(text.data(), written.ptr, result);
  return std::isfinite(value) ? result : static_cast<double>(value);
}

class PairReader {
 public:
  explicit PairReader(GgufCursor& cursor) : cursor_(cursor) {}

  std::string key() {
    const std::uint64_t length = cursor_.length("a key");
    if (length == 0) cursor_.refuse("a key is empty");
    if (length > limits::kNameBytes) {
      cursor_.refuse("a key has " + std::to_string(length) + " bytes, at most " +
                     std::to_string(limits::kNameBytes) + " are allowed");
    }
    key_ = cursor_.text(length);
    const bool ascii =
        std::all_of(key_.begin(), key_.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!ascii) cursor_.refuse("key " + in_quotes(key_) + " is not plain ASCII");
    return key_;
  }

  GgufValue value() {
    const GgufKind kind = read_kind();
    if (kind == GgufKind::Array) return {kind, array()};
    if (kind == GgufKind::String) return {kind, text()};
    return {kind, scalar(kind)};
  }

 private:
  using Value = decltype(GgufValue::value);

  [[noreturn]] void refuse(const std::string& sentence) const {
    cursor_.refuse("key " + in_quotes(key_) + ": " + sentence);
  }

  GgufKind read_kind() {
    const std::uint32_t kind = cursor_.u32();
    if (kind <= static_cast<std::uint32_t>(GgufKind::F64)) return static_cast<GgufKind>(kind);
    refuse("value type " + std::to_string(kind) + " is not known, 0 to 12 are");
  }

  void count_text(std::uint64_t bytes) {
    kept_bytes_ += bytes;
    if (kept_bytes_ > limits::kGgufTextBytes) {
      refuse("brings the text of the metadata above " + std::to_string(limits::kGgufTextBytes) +
             " bytes");
    }
  }

  Value text() {
    const std::uint64_t length = cursor_.length("key " + in_quotes(key_) + ": a string");
    // Longer ones (a whole tokenizer.json, say) are nothing that is used here.
    if (length > limits::kChatTemplateBytes) {
      cursor_.skip(length);
      return std::monostate{};
    }
    count_text(length);
    return cursor_.text(length);
  }

  bool truth() {
    const std::uint8_t byte = cursor_.u8();
    if (byte > 1) refuse("a boolean is " + std::to_string(byte) + ", 0 or 1 is allowed");
    return byte == 1;
  }

  Value scalar(GgufKind kind) {
    switch (kind) {
      case GgufKind::U8:
        return std::uint64_t{cursor_.u8()};
      case GgufKind::U16:
        return std::uint64_t{cursor_.u16()};
      case GgufKind::U32:
        return std::uint64_t{cursor_.u32()};
      case GgufKind::U64:
        return cursor_.u64();
      case GgufKind::I8:
        return std::int64_t{static_cast<std::int8_t>(cursor_.u8())};
      case GgufKind::I16:
        return std::int64_t{static_cast<std::int16_t>(cursor_.u16())};
      case GgufKind::I32:
        return std::int64_t{static_cast<std::int32_t>(cursor_.u32())};
      case GgufKind::I64:
        return static_cast<std::int64_t>(cursor_.u64());
      case GgufKind::F32:
        return shortest(std::bit_cast<float>(cursor_.u32()));
      case GgufKind::F64:
        return std::bit_cast<double>(cursor_.u64());
      case GgufKind::Bool:
        return truth();
      case GgufKind::String:
      case GgufKind::Array:
        break;
    }
    refuse("is no scalar");
  }

  Value array() {
    const GgufKind kind = read_kind();
    const std::uint64_t count = cursor_.u64();
    if (kind == GgufKind::Array) refuse("an array of arrays is not known");
    if (count > limits::kGgufArrayElements) {
      refuse("an array of " + std::to_string(count) + " elements, at most " +
             std::to_string(limits::kGgufArrayElements) + " are allowed");
    }
    const bool texts = kind == GgufKind::String;
    cursor_.need(count, texts ? 8 : element_bytes(kind), "the array of key " + in_quotes(key_));
    if (texts) return text_array(count);
    if (kind == GgufKind::F32 && key_ == kKeptFloats) return float_array(count);
    const bool whole = kind == GgufKind::I32 || kind == GgufKind::U32;
    if (whole && key_ == kKeptIntegers) return integer_array(count);
    if (kind == GgufKind::Bool) {
      for (std::uint64_t i = 0; i < count; ++i) truth();
    } else {
      cursor_.skip(count * element_bytes(kind));
    }
    return std::monostate{};
  }

  Value text_array(std::uint64_t count) {
    const bool kept = std::find(kKeptTexts.begin(), kKeptTexts.end(), key_) != kKeptTexts.end();
    if (kept) check_vocabulary(count);
    const std::string what = "key " + in_quotes(key_) + ": a string";
    std::vector<std::string> result;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t length = cursor_.length(what);
      if (!kept) {
        cursor_.skip(length);
        continue;
      }
      if (length > limits::kTokenBytes) {
        refuse("element " + std::to_string(i) + " has " + std::to_string(length) +
               " bytes, a token has at most " + std::to_string(limits::kTokenBytes));
      }
      count_text(length);
      result.push_back(cursor_.text(length));
    }
    if (!kept) return std::monostate{};
    return result;
  }

  void check_vocabulary(std::uint64_t count) const {
    if (count <= static_cast<std::uint64_t>(limits::kVocabulary)) return;
    refuse("has " + std::to_string(count) + " elements, a vocabulary has at most " +
           std::to_string(limits::kVocabulary));
  }

  Value float_array(std::uint64_t count) {
    check_vocabulary(count);
    std::vector<float> result(static_cast<std::size_t>(count));
    for (float& value : result) value = std::bit_cast<float>(cursor_.u32());
    return result;
  }

  Value integer_array(std::uint64_t count) {
    check_vocabulary(count);
    std::vector<std::int32_t> result(static_cast<std::size_t>(count));
    for (std::int32_t& value : result) value = static_cast<std::int32_t>(cursor_.u32());
    return result;
  }

  GgufCursor& cursor_;
  std::string key_;
  std::uint64_t kept_bytes_ = 0;
};

}  // namespace

GgufMetadata::GgufMetadata(GgufCursor& cursor, std::uint64_t count) : file_(cursor.name()) {
  cursor.need(count, kMinPairBytes, std::to_string(count) + " metadata keys");
  if (count > limits::kGgufKeys) {
    cursor.refuse(std::to_string(count) + " metadata keys, at most " +
                  std::to_string(limits::kGgufKeys) + " are allowed");
  }
  PairReader pairs(cursor);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string key = pairs.key();
    GgufValue value = pairs.value();
    if (values_.contains(key)) refuse(key, "comes twice");
    values_.emplace(std::move(key), std::move(value));
  }
}

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::optional<std::string> GgufMetadata::text(std::string_view key) const {
  const auto* value = get<std::string>(key);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::int64_t> GgufMetadata::integer(std::string_view key, std::int64_t low,
                                                  std::int64_t high) const {
  const GgufValue* found = find(key);
  if (found == nullptr) return {};
  const std::string needed =
      ", an integer from " + std::to_string(low) + " to " + std::to_string(high) + " is needed";
  if (const auto* whole = std::get_if<std::uint64_t>(&found->value)) {
    if (std::in_range<std::int64_t>(*whole) && std::cmp_greater_equal(*whole, low) &&
        std::cmp_less_equal(*whole, high)) {
      return static_cast<std::int64_t>(*whole);
    }
    refuse(key, "is " + std::to_string(*whole) + needed);
  }
  const auto* whole = std::get_if<std::int64_t>(&found->value);
  if (whole == nullptr) refuse(key, "is no integer" + needed);
  if (*whole >= low && *whole <= high) return *whole;
  refuse(key, "is " + std::to_string(*whole) + needed);
}

std::optional<double> GgufMetadata::real(std::string_view key, double low, double high) const {
  const auto* value = get<double>(key);
  if (value == nullptr) return {};
  if (*value >= low && *value <= high) return *value;
  refuse(key, "is out of range");
}

void GgufMetadata::refuse(std::string_view key, const std::string& sentence) const {
  throw Error(ErrorKind::BadInput, file_ + ": " + escaped(key) + " " + sentence);
}

void GgufMetadata::refuse_unsupported(std::string_view key, const std::string& sentence) const {
  throw Error(ErrorKind::Unsupported, file_ + ": " + escaped(key) + " " + sentence);
}

}  // namespace salient
