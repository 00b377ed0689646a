// SPDX-License-Identifier: Apache-2.0
#pragma once

// The evaluated arguments of a call in a template, by place or by name.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/tokenizer/template_value.h"

namespace salient::jinja {

struct Arguments {
  Values positional;
  std::vector<std::pair<std::string, Value>> keywords;

  /// The argument at `index` or called `name`; null when it was not given.
  const Value* get(std::size_t index, std::string_view name) const;
  /// The same; fails when it was not given.
  const Value& require(std::size_t index, std::string_view name) const;
  std::string text_or(std::size_t index, std::string_view name, std::string_view otherwise) const;
  std::int64_t integer_or(std::size_t index, std::string_view name, std::int64_t otherwise) const;
  bool flag_or(std::size_t index, std::string_view name, bool otherwise) const;
  /// Fails when more than `most` were given.
  void limit(std::size_t most) const;
  /// All but the first `count` positional ones.
  Arguments without_first(std::size_t count) const;
};

/// The text of a string argument; fails for other types.
const std::string& require_text(const Value& value);
std::int64_t require_integer(const Value& value);

}  // namespace salient::jinja
