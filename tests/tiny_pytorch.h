// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tiny checkpoint as PyTorch's files: a zip archive and a pickle as torch.save writes them. The
// pieces are plain strings, so that a test can put others in their place. No reader or writer of
// the engine is used.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tiny_checkpoint.h"

namespace salient::tests {

struct ZipRecord {
  std::string name;
  std::string bytes;
  std::uint16_t flags = 0x0808;  ///< UTF-8 name, sizes in a descriptor behind
  std::uint16_t method = 0;      ///< stored
};

/// With the 64-bit end record that torch always writes.
std::string zip_bytes(const std::vector<ZipRecord>& records);

/// Pieces of a pickle of protocol 2.
namespace pickled {
std::string text(std::string_view value);
std::string integer(std::int64_t value);
std::string global(std::string_view module, std::string_view name);
std::string tuple(const std::vector<std::string>& items);
std::string call(const std::string& callable, const std::vector<std::string>& arguments);
/// A torch storage: "HalfStorage", record key, elements.
std::string storage(std::string_view type, std::string_view key, std::int64_t elements);
std::string tensor(const std::string& storage, std::int64_t offset, const Shape& shape,
                   const std::vector<std::int64_t>& strides);
/// A whole pickle: an OrderedDict of name and value.
std::string state_dictionary(const std::vector<std::pair<std::string, std::string>>& entries);
}  // namespace pickled

/// data.pkl, byteorder, version and one record for each tensor, below "archive/".
std::vector<ZipRecord> pytorch_records(const std::vector<TinyTensor>& tensors);
std::string pytorch_bytes(const std::vector<TinyTensor>& tensors);

/// The small files and pytorch_model.bin.
void write_pytorch_folder(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder);
/// The small files, two shards and pytorch_model.bin.index.json.
void write_sharded_pytorch_folder(const TinyCheckpoint& checkpoint,
                                  const std::filesystem::path& folder);

}  // namespace salient::tests
