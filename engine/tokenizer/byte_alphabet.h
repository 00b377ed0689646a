// SPDX-License-Identifier: Apache-2.0
#pragma once

// GPT-2's alphabet of byte-level vocabularies: each byte is written as one printable character, its
// own Latin-1 one where that is printable, U+0100 and up in byte order otherwise.

#include <optional>
#include <string>
#include <string_view>

namespace salient {

/// The bytes that a vocabulary entry stands for; nothing when a character is outside the alphabet.
std::optional<std::string> stand_ins_to_bytes(std::string_view text);
std::string bytes_to_stand_ins(std::string_view bytes);

}  // namespace salient
