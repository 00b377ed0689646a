// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/config_keys.h"

#include <limits>

#include "engine/checkpoint/foreign_text.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxIds = 4096;

/// The integer when the value is one that fits; nothing otherwise.
std::optional<std::int64_t> as_integer(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  return {};
}

std::string short_number(double value) {
  return Json(value).dump();
}

}  // namespace

std::string shown(const Json& value) {
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
  return escaped(value.dump(), 40);
}

ConfigKeys::ConfigKeys(const Json& object, std::string file, std::string prefix)
    : object_(object), file_(std::move(file)), prefix_(std::move(prefix)) {}

const Json* ConfigKeys::find(std::string_view key) const {
  const auto found = object_.find(std::string(key));
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t ConfigKeys::integer(std::string_view key, std::int64_t low, std::int64_t high) const {
  const Json* value = find(key);
  if (value == nullptr) refuse(key, "is missing");
  const std::optional<std::int64_t> number = as_integer(*value);
  if (number && *number >= low && *number <= high) return *number;
  refuse(key, "is " + shown(*value) + ", an integer from " + std::to_string(low) + " to " +
                  std::to_string(high) + " is needed");
}

std::int64_t ConfigKeys::integer_or(std::string_view key, std::int64_t low, std::int64_t high,
                                    std::int64_t absent) const {
  return has(key) ? integer(key, low, high) : absent;
}

double ConfigKeys::real_or(std::string_view key, double low, double high, double absent) const {
  const Json* value = find(key);
  if (value == nullptr) return absent;
  if (value->is_number() && value->get<double>() >= low && value->get<double>() <= high) {
    return value->get<double>();
  }
  refuse(key, "is " + shown(*value) + ", a number from " + short_number(low) + " to " +
                  short_number(high) + " is needed");
}

bool ConfigKeys::boolean_or(std::string_view key, bool absent) const {
  const Json* value = find(key);
  if (value == nullptr) return absent;
  if (!value->is_boolean()) refuse(key, "is " + shown(*value) + ", true or false is needed");
  return value->get<bool>();
}

std::optional<std::string> ConfigKeys::text(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_string()) refuse(key, "is " + shown(*value) + ", a string is needed");
  return value->get<std::string>();
}

std::vector<std::int64_t> ConfigKeys::integers(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  const Json list = value->is_array() ? *value : Json::array({*value});
  if (list.size() > kMaxIds) refuse(key, "lists more than " + std::to_string(kMaxIds) + " ids");
  std::vector<std::int64_t> result;
  for (const Json& item : list) {
    const std::optional<std::int64_t> number = as_integer(item);
    if (!number) refuse(key, "holds " + shown(item) + ", a token id is needed");
    result.push_back(*number);
  }
  return result;
}

void ConfigKeys::refuse(std::string_view key, const std::string& sentence) const {
  throw Error(ErrorKind::BadInput, file_ + ": " + prefix_ + std::string(key) + " " + sentence);
}

void ConfigKeys::refuse_unsupported(std::string_view key, const std::string& sentence) const {
  throw Error(ErrorKind::Unsupported, file_ + ": " + prefix_ + std::string(key) + " " + sentence);
}

}  // namespace salient
