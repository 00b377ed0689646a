// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/json_reading.h"

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {

void JsonPlace::refuse(const std::string& sentence) const {
  throw Error(ErrorKind::BadInput, path_ + ": " + sentence);
}

void JsonPlace::refuse_unknown(std::string_view what, std::string_view name) const {
  throw Error(ErrorKind::Unsupported,
              path_ + ": " + std::string(what) + " " + in_quotes(name) + " is not known here");
}

void JsonPlace::refuse_type(std::string_view expected) const {
  refuse(std::string("is ") + value_->type_name() + ", " + std::string(expected) + " is expected");
}

std::optional<JsonPlace> JsonPlace::find(std::string_view key) const {
  if (!value_->is_object()) refuse_type("an object");
  const auto found = value_->find(std::string(key));
  if (found == value_->end() || found->is_null()) return std::nullopt;
  const bool top = path_.ends_with(".json");
  return JsonPlace(*found, path_ + (top ? ": " : ".") + std::string(key));
}

JsonPlace JsonPlace::at(std::string_view key) const {
  const auto found = find(key);
  if (!found) refuse("the key " + in_quotes(key) + " is missing");
  return *found;
}

JsonPlace JsonPlace::item(std::size_t index) const {
  return {(*value_)[index], path_ + "[" + std::to_string(index) + "]"};
}

const std::string& JsonPlace::string() const {
  if (!value_->is_string()) refuse_type("a string");
  return value_->get_ref<const std::string&>();
}

std::int64_t JsonPlace::integer() const {
  if (!value_->is_number_integer()) refuse_type("a whole number");
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > INT64_MAX) {
    refuse("the number is too large");
  }
  return value_->get<std::int64_t>();
}

bool JsonPlace::boolean() const {
  if (!value_->is_boolean()) refuse_type("true or false");
  return value_->get<bool>();
}

void JsonPlace::expect_object() const {
  if (!value_->is_object()) refuse_type("an object");
}

void JsonPlace::expect_array() const {
  if (!value_->is_array()) refuse_type("an array");
}

std::string JsonPlace::string_or(std::string_view key, std::string_view otherwise) const {
  const auto found = find(key);
  return found ? found->string() : std::string(otherwise);
}

bool JsonPlace::boolean_or(std::string_view key, bool otherwise) const {
  const auto found = find(key);
  return found ? found->boolean() : otherwise;
}

}  // namespace salient
