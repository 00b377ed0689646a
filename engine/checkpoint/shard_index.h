// SPDX-License-Identifier: Apache-2.0
#pragma once

// model.safetensors.index.json: which shard holds which tensor. A shard is one plain file name, so
// that no index can point out of its folder.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

struct ShardIndex {
  struct Entry {
    std::string tensor;
    std::size_t shard = 0;  ///< index into `shards`
  };
  std::vector<std::string> shards;   ///< sorted, each once
  std::vector<Entry> entries;        ///< sorted by tensor
  std::optional<double> total_size;  ///< metadata.total_size, as claimed
};

/// Throws Error(BadInput) naming the file and key.
ShardIndex parse_shard_index(std::string_view json, const std::string& file_name);

/// Whether `name` can only mean a file inside its folder, on any platform: one component, no
/// separators, no control characters, at most 255 bytes, no trailing dot or space.
bool is_plain_file_name(std::string_view name);

}  // namespace salient
