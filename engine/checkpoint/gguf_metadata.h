// SPDX-License-Identifier: Apache-2.0
#pragma once

// The key-value part of a GGUF header. Every value is checked; scalars and strings are kept, arrays
// only where the vocabulary needs them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/checkpoint/gguf_cursor.h"

namespace salient {

/// The numbers are the file's.
enum class GgufKind : std::uint32_t {
  U8,
  I8,
  U16,
  I16,
  U32,
  I32,
  F32,
  Bool,
  String,
  Array,
  U64,
  I64,
  F64
};

struct GgufValue {
  GgufKind kind = GgufKind::U8;
  /// Unsigned, signed, real, truth, text, or a kept array; empty for what is not kept.
  std::variant<std::monostate, std::uint64_t, std::int64_t, double, bool, std::string,
               std::vector<std::string>, std::vector<float>, std::vector<std::int32_t>>
      value;
};

class GgufMetadata {
 public:
  /// Reads `count` pairs. Throws Error(BadInput) naming offset and key.
  GgufMetadata(GgufCursor& cursor, std::uint64_t count);

  const GgufValue* find(std::string_view key) const;
  /// Null when absent; throws Error(BadInput) when the key has another type.
  template <class T>
  const T* get(std::string_view key) const {
    const GgufValue* found = find(key);
    if (found == nullptr) return nullptr;
    const T* value = std::get_if<T>(&found->value);
    if (value == nullptr) refuse(key, "has another type than is needed");
    return value;
  }
  std::optional<std::string> text(std::string_view key) const;
  /// Any integer type. Throws Error(BadInput) outside [low, high].
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low,
                                      std::int64_t high) const;
  /// F32 or F64, finite; the shortest decimal that a float32 stands for ("1e-05").
  std::optional<double> real(std::string_view key, double low, double high) const;

  [[noreturn]] void refuse(std::string_view key, const std::string& sentence) const;
  [[noreturn]] void refuse_unsupported(std::string_view key, const std::string& sentence) const;

 private:
  std::string file_;
  std::map<std::string, GgufValue, std::less<>> values_;
};

}  // namespace salient
