// SPDX-License-Identifier: Apache-2.0
#pragma once

// UTF-8 by code point, shared by tokenizers and templates. Everything except `to_valid_utf8` and
// `incomplete_tail` expects valid UTF-8, which `to_valid_utf8` makes of anything.

#include <cstddef>
#include <string>
#include <string_view>

namespace salient::utf8 {

inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// The text with every maximal broken sequence replaced by U+FFFD, as Unicode recommends.
std::string to_valid_utf8(std::string_view bytes);

/// How many bytes at the end begin a character that is not finished yet: 0 to 3.
std::size_t incomplete_tail(std::string_view bytes);

/// The code point at `position`, which moves behind it.
char32_t next_code_point(std::string_view text, std::size_t& position);

void append(std::string& text, char32_t code_point);

std::u32string to_code_points(std::string_view text);
std::string from_code_points(std::u32string_view code_points);

/// Number of code points.
std::size_t length(std::string_view text);

/// What Python's str.isspace() calls white space.
bool is_space(char32_t code_point);

}  // namespace salient::utf8
