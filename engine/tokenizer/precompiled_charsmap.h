// SPDX-License-Identifier: Apache-2.0
#pragma once

// SentencePiece's normalization table: a double-array trie and the texts it leads to. The library
// walks it without bounds, so every step that any input could take is checked beforehand.

#include <string>
#include <string_view>

namespace salient {

/// What is wrong with the table; empty when it is sound, or itself empty.
std::string charsmap_fault(std::string_view charsmap);

}  // namespace salient
