// SPDX-License-Identifier: Apache-2.0
#pragma once

// The escapes of a string literal in a template, as Python reads them.

#include <optional>
#include <string>
#include <string_view>

namespace salient::jinja {

/// What stands between the quotes, escapes resolved; nothing when a hexadecimal escape is broken.
/// Unknown escapes keep their backslash. Lone surrogates become U+FFFD.
std::optional<std::string> string_literal_value(std::string_view source);

}  // namespace salient::jinja
