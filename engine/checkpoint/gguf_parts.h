// SPDX-License-Identifier: Apache-2.0
#pragma once

// The files of one GGUF model: one, or the parts that llama-gguf-split made of it
// (base-00001-of-00003.gguf), of which the first holds the metadata. Any part stands for all.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/gguf_header.h"

namespace salient {

struct GgufFiles {
  std::vector<std::unique_ptr<FileSource>> sources;  ///< the first part in front
  std::vector<std::uint64_t> header_bytes;           ///< of each
  /// The metadata of the first part, the tensors of all.
  GgufHeader header;

  /// The part that a tensor is in; the first for a tensor that is not there.
  const FileSource& holder_of(std::string_view tensor) const;
};

/// Opens and checks the headers. Throws Error(BadInput) naming every part that is missing, a part
/// whose split.* keys do not fit, or a tensor that is in two parts.
GgufFiles open_gguf_files(const std::filesystem::path& file);

/// Whether the sorted names are all the parts of one model.
bool are_gguf_parts(const std::vector<std::filesystem::path>& sorted_files);

}  // namespace salient
