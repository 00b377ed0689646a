// SPDX-License-Identifier: Apache-2.0
#pragma once

// The header of a safetensors file: u64 length, JSON, data. Accepted only when the ranges of the
// tensors tile the data section exactly (no hole, no overlap, no byte behind the last one), every
// range has the size that shape and dtype ask for, and no name comes twice.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/stored_type.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct SafetensorsTensor {
  std::string name;
  const StoredType* type = nullptr;
  Shape shape;
  std::uint64_t begin = 0;  ///< in the data section
  std::uint64_t end = 0;

  std::uint64_t bytes() const { return end - begin; }
};

struct SafetensorsHeader {
  std::uint64_t data_start = 0;            ///< in the file
  std::string sha256;                      ///< of the JSON
  std::vector<SafetensorsTensor> tensors;  ///< sorted by name
};

/// Reads and checks the header only. Throws Error(BadInput) naming file and tensor.
SafetensorsHeader read_safetensors_header(const ByteSource& source);

/// The tensors of a header whose data section has `data_bytes` bytes, sorted by name.
std::vector<SafetensorsTensor> parse_safetensors_header(std::string_view json,
                                                        std::uint64_t data_bytes,
                                                        const std::string& file_name);

}  // namespace salient
