// SPDX-License-Identifier: Apache-2.0
#pragma once

// The types of GGUF tensors that we write: their numbers in the file and the bytes of a block.

#include <array>
#include <cstdint>
#include <string_view>

namespace salient {

/// Weights in a block of the quantized types.
inline constexpr std::size_t kGgufBlock = 32;

struct GgufBlockType {
  std::string_view name;
  std::uint32_t number;
  std::int64_t elements, bytes;
};

inline constexpr std::array kGgufBlockTypes = {
    GgufBlockType{"F32", 0, 1, 4}, GgufBlockType{"F16", 1, 1, 2}, GgufBlockType{"Q4_0", 2, 32, 18},
    GgufBlockType{"Q4_1", 3, 32, 20}, GgufBlockType{"Q8_0", 8, 32, 34}};

}  // namespace salient
