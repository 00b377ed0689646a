// SPDX-License-Identifier: Apache-2.0
#pragma once

// The header of a GGUF file, version 2 or 3, little endian: metadata and the list of tensors,
// checked against the file's size before anything is sized by it. Tensors tile the data section
// with only alignment padding between them.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/checkpoint/gguf_metadata.h"
#include "engine/checkpoint/stored_type.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct GgufTensorEntry {
  std::string name;  ///< "blk.0.attn_q.weight"
  const StoredType* type = nullptr;
  Shape shape;               ///< [out_features, in_features]: the file's order reversed
  std::uint64_t offset = 0;  ///< in the file
  std::uint64_t bytes = 0;
  std::size_t file = 0;  ///< of a split model: which part
};

struct GgufHeader {
  GgufMetadata metadata;
  std::vector<GgufTensorEntry> tensors;  ///< sorted by offset
  std::uint64_t data_start = 0;
  std::uint64_t bytes_behind = 0;  ///< after the last tensor and its padding
};

/// Throws Error(BadInput) naming file, offset, key or tensor.
GgufHeader read_gguf_header(const ByteSource& source);

}  // namespace salient
