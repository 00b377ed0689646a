// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/weight_files.h"

#include <algorithm>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/sha256.h"
#include "engine/checkpoint/shard_index.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr const char* kIndexName = "model.safetensors.index.json";
constexpr const char* kSingleName = "model.safetensors";

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

/// A second name of somebody else's file is not visible as a link.
void warn_hard_link(const ModelFolder& folder, const FileSource& source,
                    std::vector<std::string>& warnings) {
  if (source.link_count() < 2 || source.owner() == folder.owner()) return;
  warnings.push_back(source.name() +
                     ": is a hard link to a file of another owner; it is only read");
}

void add_weight_file(const ModelFolder& folder, const std::string& name, CheckpointParts& parts) {
  std::unique_ptr<FileSource> source = folder.open(name);
  if (source == nullptr) refuse(escaped(name, 255), "is missing in " + folder.model_name());
  warn_hard_link(folder, *source, parts.warnings);
  SafetensorsHeader header = read_safetensors_header(*source);
  const std::size_t file = parts.add_source(std::move(source), std::move(header.sha256));
  for (SafetensorsTensor& tensor : header.tensors) {
    TensorInfo info{std::move(tensor.name),
                    std::string(tensor.type->name),
                    std::move(tensor.shape),
                    tensor.bytes(),
                    file,
                    header.data_start + tensor.begin};
    parts.tensors.push_back({std::move(info), tensor.type, {}});
  }
  if (parts.tensors.size() > limits::kTensors) {
    refuse(escaped(name, 255), "brings the tensors above " + std::to_string(limits::kTensors));
  }
}

void sort_by_name(std::vector<StoredTensor>& tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return std::pair(std::string_view(a.info.name), a.info.file) <
           std::pair(std::string_view(b.info.name), b.info.file);
  });
}

void check_twins(const std::vector<StoredTensor>& sorted, const ShardIndex& index) {
  const auto twin =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const auto& a, const auto& b) { return a.info.name == b.info.name; });
  if (twin == sorted.end()) return;
  refuse(kIndexName, "tensor " + in_quotes(twin->info.name) + " is in two shards, " +
                         escaped(index.shards[twin->info.file]) + " and " +
                         escaped(index.shards[std::next(twin)->info.file]));
}

void check_shards_exist(const ModelFolder& folder, const ShardIndex& index) {
  if (index.shards.size() > limits::kShards) {
    refuse(kIndexName, "names " + std::to_string(index.shards.size()) + " shards, at most " +
                           std::to_string(limits::kShards) + " are opened");
  }
  std::string missing;
  for (const std::string& shard : index.shards) {
    if (!folder.has(shard)) missing += (missing.empty() ? "" : ", ") + escaped(shard, 255);
  }
  if (!missing.empty()) refuse(kIndexName, "shards are missing in the folder: " + missing);
}

/// Walks index and shards side by side, both sorted by name.
void match_index(const ShardIndex& index, CheckpointParts& parts) {
  std::vector<StoredTensor> listed;
  listed.reserve(index.entries.size());
  std::string unlisted;
  std::size_t unlisted_count = 0;
  auto entry = index.entries.begin();
  for (StoredTensor& tensor : parts.tensors) {
    const std::string& name = tensor.info.name;
    if (entry != index.entries.end() && entry->tensor < name) break;
    if (entry == index.entries.end() || entry->tensor != name) {
      if (is_known_extra(name)) continue;
      if (unlisted_count++ < 4) unlisted += (unlisted.empty() ? "" : ", ") + escaped(name);
      continue;
    }
    if (entry->shard != tensor.info.file) {
      refuse(kIndexName, "tensor " + in_quotes(name) + " is said to be in " +
                             escaped(index.shards[entry->shard]) + ", it is in " +
                             escaped(index.shards[tensor.info.file]));
    }
    listed.push_back(std::move(tensor));
    ++entry;
  }
  if (entry != index.entries.end()) {
    refuse(kIndexName, "tensor " + in_quotes(entry->tensor) + " is not in " +
                           escaped(index.shards[entry->shard], 255) + " nor in any other shard");
  }
  if (unlisted_count > 0) {
    parts.warnings.push_back(
        std::string(kIndexName) + ": " + std::to_string(unlisted_count) +
        " tensors of the shards are not in the index and not used: " + unlisted);
  }
  parts.tensors = std::move(listed);
}

void check_total(const ShardIndex& index, CheckpointParts& parts) {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : parts.tensors) total += tensor.info.bytes;
  if (!index.total_size || *index.total_size == static_cast<double>(total)) return;
  parts.warnings.push_back(std::string(kIndexName) + ": total_size is not the " +
                           std::to_string(total) +
                           " bytes that the tensors have; the latter count");
}

void open_sharded(const ModelFolder& folder, CheckpointParts& parts) {
  const std::unique_ptr<FileSource> file = folder.open(kIndexName);
  const std::string text = read_text(*file, limits::kIndexBytes);
  const ShardIndex index = parse_shard_index(text, kIndexName);
  check_shards_exist(folder, index);
  const bool uses_single =
      std::find(index.shards.begin(), index.shards.end(), kSingleName) != index.shards.end();
  if (folder.has(kSingleName) && !uses_single) {
    parts.warnings.push_back(std::string(kSingleName) + " and " + kIndexName +
                             " are both there: the index is used");
  }
  for (const std::string& shard : index.shards) add_weight_file(folder, shard, parts);
  sort_by_name(parts.tensors);
  check_twins(parts.tensors, index);
  match_index(index, parts);
  check_total(index, parts);
}

[[noreturn]] void refuse_no_weights(const ModelFolder& folder) {
  for (const char* other : {"pytorch_model.bin", "pytorch_model.bin.index.json"}) {
    if (!folder.has(other)) continue;
    throw Error(ErrorKind::Unsupported, escaped(folder.path().string(), 4096) + ": has only " +
                                            other + ": convert it to safetensors");
  }
  refuse(escaped(folder.path().string(), 4096),
         std::string("has neither ") + kSingleName + " nor " + kIndexName);
}

}  // namespace

void open_weight_files(const ModelFolder& folder, const std::string& weights,
                       CheckpointParts& parts) {
  const bool names_one = !weights.empty() && weights != kSingleName;
  if (!names_one && folder.has(kIndexName)) return open_sharded(folder, parts);
  const std::string name = names_one ? weights : kSingleName;
  if (!folder.has(name)) refuse_no_weights(folder);
  if (names_one && folder.has(kIndexName)) {
    const ShardIndex index =
        parse_shard_index(read_text(*folder.open(kIndexName), limits::kIndexBytes), kIndexName);
    const bool is_shard =
        std::find(index.shards.begin(), index.shards.end(), name) != index.shards.end();
    if (is_shard) return open_sharded(folder, parts);
  }
  add_weight_file(folder, name, parts);
  sort_by_name(parts.tensors);
}

}  // namespace salient
