// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/template_arguments.h"

#include <algorithm>

namespace salient::jinja {

const Value* Arguments::get(std::size_t index, std::string_view name) const {
  if (index < positional.size()) return &positional[index];
  for (const auto& [keyword, value] : keywords) {
    if (keyword == name) return &value;
  }
  return nullptr;
}

const Value& Arguments::require(std::size_t index, std::string_view name) const {
  const Value* value = get(index, name);
  if (value == nullptr) throw Failure("argument '" + std::string(name) + "' is missing");
  return *value;
}

std::string Arguments::text_or(std::size_t index, std::string_view name,
                               std::string_view otherwise) const {
  const Value* value = get(index, name);
  if (value == nullptr || value->is(Type::None)) return std::string(otherwise);
  return require_text(*value);
}

std::int64_t Arguments::integer_or(std::size_t index, std::string_view name,
                                   std::int64_t otherwise) const {
  const Value* value = get(index, name);
  return value == nullptr || value->is(Type::None) ? otherwise : require_integer(*value);
}

bool Arguments::flag_or(std::size_t index, std::string_view name, bool otherwise) const {
  const Value* value = get(index, name);
  return value == nullptr ? otherwise : is_true(*value);
}

void Arguments::limit(std::size_t most) const {
  const std::size_t given = positional.size() + keywords.size();
  if (given > most) {
    throw Failure(std::to_string(given) + " arguments given, at most " + std::to_string(most) +
                  " are taken");
  }
}

Arguments Arguments::without_first(std::size_t count) const {
  const auto skipped = static_cast<std::ptrdiff_t>(std::min(count, positional.size()));
  return {Values(positional.begin() + skipped, positional.end()), keywords};
}

const std::string& require_text(const Value& value) {
  require_defined(value);
  if (!value.is(Type::String)) throw Failure("expected a string, not " + type_name(value));
  return value.text();
}

std::int64_t require_integer(const Value& value) {
  require_defined(value);
  if (!value.is_integral()) throw Failure("expected a whole number, not " + type_name(value));
  return value.as_integer();
}

}  // namespace salient::jinja
