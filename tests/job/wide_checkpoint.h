// SPDX-License-Identifier: Apache-2.0
#pragma once

// A checkpoint whose vocabulary is as wide as a large model's while its two blocks are small, so
// that opening and publishing take about as long as they do there. The embedding is a hole in a
// sparse file: zeros that cost no disk.

#include <filesystem>

namespace salient::tests {

/// 131072 tokens with as many merges, and an embedding of 256 MiB in float32, tied to the head.
void write_wide_checkpoint(const std::filesystem::path& folder);

}  // namespace salient::tests
