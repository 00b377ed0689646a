// SPDX-License-Identifier: Apache-2.0
#pragma once

// "Did you mean --group-size?": the known word nearest to a mistyped one.

#include <span>
#include <string>
#include <string_view>

namespace salient::app {

/// Insertions, deletions, substitutions and swaps of neighbours, in bytes.
std::size_t edit_distance(std::string_view a, std::string_view b);
/// The nearest of `known`, or empty when none is within a third of the word's length plus one.
std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace salient::app
