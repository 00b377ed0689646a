// SPDX-License-Identifier: Apache-2.0
#pragma once

// Operations on text that filters and string methods share, by code point as Python's str.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salient::jinja {

enum class Side { Left, Right, Both };

/// Without the characters of `characters` (white space when absent) at its ends.
std::string strip(std::string_view text, Side side, std::optional<std::string_view> characters);
std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// First letter upper, the rest lower.
std::string capitalize(std::string_view text);
/// Every word capitalized; `separators` end a word, besides what str.title() takes for one.
std::string title(std::string_view text);
/// At most `limit` replacements, all when negative. An empty `from` stands between all characters.
std::string replace(std::string_view text, std::string_view from, std::string_view to,
                    std::int64_t limit);
/// str.split(separator, limit); without a separator at runs of white space.
std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator,
                               std::int64_t limit);
std::vector<std::string> split_from_right(std::string_view text, std::string_view separator,
                                          std::int64_t limit);
/// With & < > " ' as HTML writes them.
std::string escape_html(std::string_view text);
/// str.splitlines() for "\n", "\r" and "\r\n".
std::vector<std::string> split_lines(std::string_view text);

}  // namespace salient::jinja
