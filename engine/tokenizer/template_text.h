// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values as text, the way Python writes them: str(), repr() and json.dumps as transformers calls it
// (key order kept, no \u escapes unless asked). Everything made is charged to the budget.

#include <string>
#include <string_view>

#include "engine/tokenizer/template_value.h"

namespace salient::jinja {

/// str(value); an undefined value is the empty string.
std::string to_text(const Value& value, Budget& budget);

enum class JsonCharacters { Keep, EscapeNonAscii };
enum class JsonKeys { KeepOrder, Sort };

struct JsonStyle {
  JsonCharacters characters = JsonCharacters::Keep;
  JsonKeys keys = JsonKeys::KeepOrder;
  int indent = -1;  ///< below zero: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

/// Fails for values that JSON does not have.
std::string to_json(const Value& value, const JsonStyle& style, Budget& budget);

/// repr() of a float: shortest form that reads back as the same number.
std::string float_text(double number);

}  // namespace salient::jinja
