// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text that comes from a file: strict UTF-8, and its escaped form for sentences and labels. A name
// from a file never reaches a terminal or a widget unescaped (control characters, bidirectional
// overrides, invalid bytes) and never at full length.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace salient {

/// Position of the first byte that is not part of well-formed UTF-8 (no surrogates, no overlong
/// forms, nothing above U+10FFFF); nothing when all is well.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// `text` with control, invisible and direction characters and invalid bytes as \xNN or \u{N}, cut
/// after `max_characters` with an ellipsis.
std::string escaped(std::string_view text, std::size_t max_characters = 120);

/// The same between double quotes.
std::string in_quotes(std::string_view text);

}  // namespace salient
