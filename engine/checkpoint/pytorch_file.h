// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a PyTorch zip file (torch.save since 1.6) holds: a dictionary of tensors, each a view of a
// record of the archive. Nothing is unpacked and nothing is run; the records are read in place.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/stored_type.h"
#include "engine/checkpoint/zip_archive.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct PytorchTensor {
  std::string name;
  const StoredType* type = nullptr;
  Shape shape;
  std::vector<std::int64_t> strides;  ///< in elements; empty: row-major without gaps
  std::uint64_t offset = 0;           ///< of element [0, 0, ...] in the file
  std::uint64_t bytes = 0;            ///< of its elements, without the gaps
};

struct PytorchFile {
  std::vector<PytorchTensor> tensors;  ///< sorted by name
  std::vector<std::string> ignored;    ///< names of what is no tensor
  std::string sha256;                  ///< of directory and pickle
};

/// Reads directory and pickle only. Throws Error(BadInput) naming file and tensor or offset,
/// Error(Unsupported) for TorchScript.
PytorchFile read_pytorch_file(const ByteSource& source);

/// The tensors of a pickle whose records stand in `archive` below `prefix` ("archive/").
PytorchFile parse_pytorch_pickle(std::string_view pickle, const ZipArchive& archive,
                                 const std::string& prefix, const std::string& file_name);

}  // namespace salient
