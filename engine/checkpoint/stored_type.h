// SPDX-License-Identifier: Apache-2.0
#pragma once

// The number formats that files hold, as rows of data: how many elements make a block, how many
// bytes a block has, and how it becomes float32. Values are decoded exactly as the format's own
// reference does (single precision, same order of operations).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/tensor/dtype.h"

namespace salient {

struct StoredType {
  /// `blocks`: count * block_bytes bytes; `out`: count * block_elements floats.
  using Decode = void (*)(const std::byte* blocks, std::size_t count, float* out);

  std::string_view name;             ///< as the format calls it: "BF16", "Q4_K"
  std::uint64_t block_elements = 1;  ///< consecutive in a row
  std::uint64_t block_bits = 0;      ///< of a whole block
  std::optional<DType> memory;       ///< the dtype with the same bytes in memory
  Decode decode = nullptr;           ///< absent: known, but cannot be read as numbers

  std::uint64_t block_bytes() const { return block_bits / 8; }
};

/// The type of a safetensors dtype word; null when unknown.
const StoredType* find_safetensors_type(std::string_view word);

/// The type of a GGUF tensor; null when unknown.
const StoredType* find_gguf_type(std::uint32_t ggml_type);

}  // namespace salient
