// SPDX-License-Identifier: Apache-2.0
#pragma once

// Typed, bounded look-ups in one JSON object of a foreign config. A key that is null counts as
// absent, as in transformers. Errors name file, key, what was found and what is allowed.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace salient {

class ConfigKeys {
 public:
  /// `prefix` names the object inside the file ("rope_scaling."). Both must outlive this.
  ConfigKeys(const nlohmann::ordered_json& object, std::string file, std::string prefix = {});

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The value, or null when absent or JSON null.
  const nlohmann::ordered_json* find(std::string_view key) const;

  /// Throws Error(BadInput) when absent, of another type or out of [low, high].
  std::int64_t integer(std::string_view key, std::int64_t low, std::int64_t high) const;
  std::int64_t integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                          std::int64_t absent) const;
  double real_or(std::string_view key, double low, double high, double absent) const;
  bool boolean_or(std::string_view key, bool absent) const;
  std::optional<std::string> text(std::string_view key) const;
  /// One integer or a list of integers; empty when absent.
  std::vector<std::int64_t> integers(std::string_view key) const;

  [[noreturn]] void refuse(std::string_view key, const std::string& sentence) const;
  [[noreturn]] void refuse_unsupported(std::string_view key, const std::string& sentence) const;

 private:
  const nlohmann::ordered_json& object_;
  std::string file_;
  std::string prefix_;
};

/// A JSON value for a sentence: escaped, cut.
std::string shown(const nlohmann::ordered_json& value);

}  // namespace salient
