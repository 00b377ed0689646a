// SPDX-License-Identifier: Apache-2.0
#pragma once

// Typed access to the JSON of tokenizer files. A value of another type than expected is an error
// that names file, key and both types.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace salient {

/// A JSON object or array together with what errors call it: "tokenizer.json: model.merges".
class JsonPlace {
 public:
  using Json = nlohmann::ordered_json;

  JsonPlace(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const Json& value() const { return *value_; }
  const std::string& path() const { return path_; }
  bool is_null() const { return value_->is_null(); }

  /// The member `key`; nothing when it is absent or null.
  std::optional<JsonPlace> find(std::string_view key) const;
  /// The member `key`; throws when it is absent or null.
  JsonPlace at(std::string_view key) const;
  JsonPlace item(std::size_t index) const;
  std::size_t size() const { return value_->size(); }

  const std::string& string() const;
  std::int64_t integer() const;
  bool boolean() const;
  void expect_object() const;
  void expect_array() const;

  std::string string_or(std::string_view key, std::string_view otherwise) const;
  bool boolean_or(std::string_view key, bool otherwise) const;

  /// Throws Error(BadInput): "path: sentence".
  [[noreturn]] void refuse(const std::string& sentence) const;
  /// Throws Error(Unsupported).
  [[noreturn]] void refuse_unknown(std::string_view what, std::string_view name) const;

 private:
  [[noreturn]] void refuse_type(std::string_view expected) const;

  const Json* value_;
  std::string path_;
};

}  // namespace salient
