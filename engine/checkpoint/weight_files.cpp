// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/weight_files.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/pytorch_file.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/sha256.h"
#include "engine/checkpoint/shard_index.h"
#include "engine/checkpoint/zip_archive.h"
#include "engine/error.h"

namespace salient {
namespace {

/// The names under which one format's weights lie in a folder.
struct WeightNames {
  const char* single;
  const char* index;
};

/// In the order in which they are looked for.
constexpr std::array<WeightNames, 2> kNames = {
    {{"model.safetensors", "model.safetensors.index.json"},
     {"pytorch_model.bin", "pytorch_model.bin.index.json"}}};

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

void add_safetensors(const FileSource& source, std::size_t file, std::string& sha256,
                     std::vector<StoredTensor>& tensors) {
  SafetensorsHeader header = read_safetensors_header(source);
  sha256 = std::move(header.sha256);
  for (SafetensorsTensor& tensor : header.tensors) {
    TensorInfo info{std::move(tensor.name),
                    std::string(tensor.type->name),
                    std::move(tensor.shape),
                    tensor.bytes(),
                    file,
                    header.data_start + tensor.begin};
    tensors.push_back({std::move(info), tensor.type, {}});
  }
}

void add_pytorch(const FileSource& source, std::size_t file, std::string& sha256,
                 CheckpointParts& parts) {
  PytorchFile read = read_pytorch_file(source);
  sha256 = std::move(read.sha256);
  for (PytorchTensor& tensor : read.tensors) {
    TensorInfo info{std::move(tensor.name),
                    std::string(tensor.type->name),
                    std::move(tensor.shape),
                    tensor.bytes,
                    file,
                    tensor.offset};
    parts.tensors.push_back({std::move(info), tensor.type, {}, std::move(tensor.strides)});
  }
  if (read.ignored.empty()) return;
  parts.warnings.push_back(source.name() + ": " + std::to_string(read.ignored.size()) +
                           " entries are no tensors and not used, the first is " +
                           in_quotes(read.ignored.front()));
}

bool has_pytorch_name(const std::string& name) {
  return name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth");
}

/// What a file under a PyTorch name is when it is no zip archive.
void check_other_kind(const FileSource& source) {
  constexpr std::size_t kTarMagicAt = 257;
  std::string start(static_cast<std::size_t>(std::min<std::uint64_t>(source.size(), 262)), '\0');
  source.read(0, std::as_writable_bytes(std::span(start)));
  const bool tar = start.size() == 262 && start.substr(kTarMagicAt) == "ustar";
  if (start.starts_with("\x80\x02\x8A\x0A\x6C\xFC") || tar) {
    throw Error(ErrorKind::Unsupported,
                source.name() + ": is in the old format of PyTorch: convert it to safetensors");
  }
  const std::string kind = foreign_kind(source);
  if (!kind.empty()) refuse(source.name(), kind);
  constexpr std::size_t kHeaderAt = 8;
  if (start.size() > kHeaderAt && start[kHeaderAt] == '{') return;
  refuse(source.name(), "unknown container: it is neither a zip archive nor safetensors");
}

/// What the file is called does not say what it is.
void add_weight_file(const ModelFolder& folder, const std::string& name, CheckpointParts& parts) {
  std::unique_ptr<FileSource> source = folder.open(name);
  if (source == nullptr) refuse(escaped(name, 255), "is missing in " + folder.model_name());
  warn_hard_link(folder, *source, parts.warnings);
  const bool pytorch = is_zip_archive(*source);
  if (!pytorch && has_pytorch_name(name)) check_other_kind(*source);
  std::string sha256;
  if (pytorch) {
    add_pytorch(*source, parts.sources.size(), sha256, parts);
  } else {
    add_safetensors(*source, parts.sources.size(), sha256, parts.tensors);
  }
  if (pytorch != has_pytorch_name(name)) {
    parts.warnings.push_back(source->name() + ": is a " + (pytorch ? "PyTorch" : "safetensors") +
                             " file in spite of its name, and read as one");
  }
  parts.add_source(std::move(source), std::move(sha256));
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

void check_twins(const std::vector<StoredTensor>& sorted, const ShardIndex& index,
                 const char* index_name) {
  const auto twin =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const auto& a, const auto& b) { return a.info.name == b.info.name; });
  if (twin == sorted.end()) return;
  refuse(index_name, "tensor " + in_quotes(twin->info.name) + " is in two shards, " +
                         escaped(index.shards[twin->info.file]) + " and " +
                         escaped(index.shards[std::next(twin)->info.file]));
}

void check_shards_exist(const ModelFolder& folder, const ShardIndex& index,
                        const char* index_name) {
  if (index.shards.size() > limits::kShards) {
    refuse(index_name, "names " + std::to_string(index.shards.size()) + " shards, at most " +
                           std::to_string(limits::kShards) + " are opened");
  }
  std::string missing;
  for (const std::string& shard : index.shards) {
    if (!folder.has(shard)) missing += (missing.empty() ? "" : ", ") + escaped(shard, 255);
  }
  if (!missing.empty()) refuse(index_name, "shards are missing in the folder: " + missing);
}

/// Walks index and shards side by side, both sorted by name.
void match_index(const ShardIndex& index, const char* index_name, CheckpointParts& parts) {
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
      refuse(index_name, "tensor " + in_quotes(name) + " is said to be in " +
                             escaped(index.shards[entry->shard]) + ", it is in " +
                             escaped(index.shards[tensor.info.file]));
    }
    listed.push_back(std::move(tensor));
    ++entry;
  }
  if (entry != index.entries.end()) {
    refuse(index_name, "tensor " + in_quotes(entry->tensor) + " is not in " +
                           escaped(index.shards[entry->shard], 255) + " nor in any other shard");
  }
  if (unlisted_count > 0) {
    parts.warnings.push_back(
        std::string(index_name) + ": " + std::to_string(unlisted_count) +
        " tensors of the shards are not in the index and not used: " + unlisted);
  }
  parts.tensors = std::move(listed);
}

void check_total(const ShardIndex& index, const char* index_name, CheckpointParts& parts) {
  std::uint64_t total = 0;
  for (const StoredTensor& tensor : parts.tensors) total += tensor.info.bytes;
  if (!index.total_size || *index.total_size == static_cast<double>(total)) return;
  parts.warnings.push_back(std::string(index_name) + ": total_size is not the " +
                           std::to_string(total) +
                           " bytes that the tensors have; the latter count");
}

void open_sharded(const ModelFolder& folder, const WeightNames& names, CheckpointParts& parts) {
  const std::unique_ptr<FileSource> file = folder.open(names.index);
  const ShardIndex index = parse_shard_index(read_text(*file, limits::kIndexBytes), names.index);
  check_shards_exist(folder, index, names.index);
  const bool uses_single =
      std::find(index.shards.begin(), index.shards.end(), names.single) != index.shards.end();
  if (folder.has(names.single) && !uses_single) {
    parts.warnings.push_back(std::string(names.single) + " and " + names.index +
                             " are both there: the index is used");
  }
  for (const std::string& shard : index.shards) add_weight_file(folder, shard, parts);
  sort_by_name(parts.tensors);
  check_twins(parts.tensors, index, names.index);
  match_index(index, names.index, parts);
  check_total(index, names.index, parts);
}

bool lists(const ModelFolder& folder, const char* index_name, const std::string& shard) {
  const ShardIndex index =
      parse_shard_index(read_text(*folder.open(index_name), limits::kIndexBytes), index_name);
  return std::find(index.shards.begin(), index.shards.end(), shard) != index.shards.end();
}

void open_single(const ModelFolder& folder, const std::string& name, CheckpointParts& parts) {
  add_weight_file(folder, name, parts);
  sort_by_name(parts.tensors);
}

}  // namespace

void open_weight_files(const ModelFolder& folder, const std::string& weights,
                       CheckpointParts& parts) {
  for (const WeightNames& names : kNames) {
    const bool named = weights == names.single;
    if (!weights.empty() && !named) {
      if (folder.has(names.index) && lists(folder, names.index, weights)) {
        return open_sharded(folder, names, parts);
      }
      continue;
    }
    if (folder.has(names.index)) return open_sharded(folder, names, parts);
    if (folder.has(names.single)) return open_single(folder, names.single, parts);
  }
  if (!weights.empty()) return open_single(folder, weights, parts);
  refuse(escaped(folder.path().string(), 4096), std::string("has none of ") + kNames[0].single +
                                                    ", " + kNames[1].single + " and their indexes");
}

}  // namespace salient
