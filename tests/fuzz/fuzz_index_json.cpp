// SPDX-License-Identifier: Apache-2.0
// Input: the text of a shard index. What is accepted names single path components, each shard once
// even for a disk that folds case, and every tensor once.
#include <algorithm>
#include <filesystem>

#include "engine/checkpoint/shard_index.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

namespace {

void check_accepted(const ShardIndex& index) {
  fuzz::require(!index.entries.empty() && !index.shards.empty());
  for (const std::string& shard : index.shards) {
    const std::filesystem::path path(shard);
    fuzz::require(path.is_relative() && !path.has_parent_path() && path.filename() == shard);
    fuzz::require(shard != "." && shard != "..");
    fuzz::require(std::filesystem::path("folder" / path).lexically_normal().parent_path() ==
                  "folder");
  }
  fuzz::require(std::is_sorted(index.shards.begin(), index.shards.end()));
  std::string_view before;
  for (const ShardIndex::Entry& entry : index.entries) {
    fuzz::require(entry.shard < index.shards.size());
    fuzz::require(&entry == &index.entries.front() || before < entry.tensor);
    before = entry.tensor;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    check_accepted(parse_shard_index(fuzz::text_of(data, size), "index.json"));
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
