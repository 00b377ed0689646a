// SPDX-License-Identifier: Apache-2.0
#pragma once

// SHA-256 rounds by the processor's SHA instructions, where it has them: the journal hashes every
// byte it writes, and the portable rounds would take a tenth of a small model's run.

#include <cstddef>
#include <cstdint>
#include <span>

namespace salient {

/// Whether this processor has the instructions; asked once.
bool has_sha_instructions();
/// Takes `count` blocks of 64 bytes into `state`.
void compress_with_sha_instructions(std::span<std::uint32_t, 8> state, const std::byte* blocks,
                                    std::size_t count,
                                    std::span<const std::uint32_t, 64> constants);

}  // namespace salient
