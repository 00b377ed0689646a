// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tiny GGUF file in parts, as llama-gguf-split cuts it: all metadata in the first, the split.*
// keys in each.

#include <string>
#include <vector>

#include "tests/tiny_checkpoint.h"

namespace salient::tests {

/// "tiny-00001-of-00003.gguf".
std::string gguf_part_name(std::size_t part, std::size_t count);

enum class FirstPart { HoldsTensors, MetadataOnly };

std::vector<TinyGguf> split_gguf(const TinyGguf& gguf, std::size_t count,
                                 FirstPart first = FirstPart::HoldsTensors);
void write_gguf_parts(const std::vector<TinyGguf>& parts, const std::filesystem::path& folder);

GgufEntry split_entry(const std::string& key, std::int64_t value);

}  // namespace salient::tests
