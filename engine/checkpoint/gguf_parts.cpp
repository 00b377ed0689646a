// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/gguf_parts.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <unordered_map>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/model_folder.h"
#include "engine/error.h"

namespace salient {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostParts = 99'999;  // five digits

[[noreturn]] void refuse(const std::string& file, const std::string& sentence) {
  throw Error(ErrorKind::BadInput, file + ": " + sentence);
}

/// Parts are counted from 1 in names and from 0 in split.no.
std::string suffix_of(std::int64_t part, std::int64_t count) {
  std::array<char, 48> suffix{};
  std::snprintf(suffix.data(), suffix.size(), "-%05d-of-%05d.gguf", static_cast<int>(part + 1),
                static_cast<int>(count));
  return suffix.data();
}

std::int64_t count_of(const GgufMetadata& metadata) {
  return metadata.integer("split.count", 0, kMostParts).value_or(0);
}

/// What the names of all parts begin with.
std::string base_of(const FileSource& source, const GgufMetadata& metadata, std::int64_t count) {
  const std::int64_t part = metadata.integer("split.no", 0, count - 1).value_or(0);
  const fs::path& path = source.identity().path;
  const std::string name = path.filename().string();
  const std::string suffix = suffix_of(part, count);
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size())
                                : path.stem().string();
}

void check_present(const ModelFolder& folder, const std::string& file, const std::string& base,
                   std::int64_t count) {
  constexpr std::size_t kListed = 50;
  std::string missing;
  std::size_t found_missing = 0;
  for (std::int64_t part = 0; part < count; ++part) {
    const std::string name = base + suffix_of(part, count);
    if (folder.has(name)) continue;
    if (found_missing++ < kListed) missing += (missing.empty() ? "" : ", ") + escaped(name, 255);
  }
  if (missing.empty()) return;
  if (found_missing > kListed)
    missing += " and " + std::to_string(found_missing - kListed) + " more";
  refuse(file, "is one of " + std::to_string(count) + " parts, these are missing: " + missing);
}

void check_part(const GgufMetadata& metadata, std::int64_t number, std::int64_t count) {
  if (count_of(metadata) != count) {
    metadata.refuse("split.count", "is " + std::to_string(count_of(metadata)) +
                                       ", other parts say " + std::to_string(count));
  }
  const std::int64_t own = metadata.integer("split.no", 0, kMostParts).value_or(-1);
  if (own == number) return;
  metadata.refuse("split.no", "is " + std::to_string(own) + ", by its name the file is part " +
                                  std::to_string(number));
}

void check_tensors(const GgufFiles& files) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (const GgufTensorEntry& tensor : files.header.tensors) {
    const auto [found, is_new] = seen.try_emplace(tensor.name, tensor.file);
    if (is_new) continue;
    refuse(files.sources[tensor.file]->name(), "tensor " + in_quotes(tensor.name) + " is also in " +
                                                   files.sources[found->second]->name());
  }
  constexpr std::string_view kCount = "split.tensors.count";
  const auto announced = files.header.metadata.integer(kCount, 0, limits::kTensors);
  if (!announced || *announced == static_cast<std::int64_t>(seen.size())) return;
  files.header.metadata.refuse(kCount, "is " + std::to_string(*announced) + ", the parts have " +
                                           std::to_string(seen.size()) + " tensors");
}

/// Adds what a further part holds.
void add_part(std::unique_ptr<FileSource> source, GgufHeader header, GgufFiles& files) {
  for (GgufTensorEntry& tensor : header.tensors) {
    tensor.file = files.sources.size();
    files.header.tensors.push_back(std::move(tensor));
  }
  files.header.bytes_behind += header.bytes_behind;
  files.header_bytes.push_back(std::min(header.data_start, source->size()));
  files.sources.push_back(std::move(source));
}

GgufFiles single(std::unique_ptr<FileSource> source, GgufHeader header) {
  const std::uint64_t bytes = std::min(header.data_start, source->size());
  GgufFiles files{{}, {bytes}, std::move(header)};
  files.sources.push_back(std::move(source));
  return files;
}

}  // namespace

const FileSource& GgufFiles::holder_of(std::string_view tensor) const {
  const auto found =
      std::find_if(header.tensors.begin(), header.tensors.end(),
                   [&](const GgufTensorEntry& entry) { return entry.name == tensor; });
  return *sources[found == header.tensors.end() ? 0 : found->file];
}

GgufFiles open_gguf_files(const fs::path& file) {
  auto given = std::make_unique<FileSource>(file);
  GgufHeader header = read_gguf_header(*given);
  const std::int64_t count = count_of(header.metadata);
  if (count < 2) return single(std::move(given), std::move(header));
  if (count > static_cast<std::int64_t>(limits::kShards)) {
    header.metadata.refuse("split.count", "is " + std::to_string(count) + ", at most " +
                                              std::to_string(limits::kShards) + " are opened");
  }
  const ModelFolder folder(file.has_parent_path() ? file.parent_path() : fs::path("."));
  const std::string base = base_of(*given, header.metadata, count);
  check_present(folder, given->name(), base, count);
  std::optional<GgufFiles> files;
  for (std::int64_t number = 0; number < count; ++number) {
    std::unique_ptr<FileSource> source = folder.open(base + suffix_of(number, count));
    GgufHeader read = read_gguf_header(*source);
    check_part(read.metadata, number, count);
    if (files) {
      add_part(std::move(source), std::move(read), *files);
    } else {
      files = single(std::move(source), std::move(read));
    }
  }
  check_tensors(*files);
  return *std::move(files);
}

bool are_gguf_parts(const std::vector<fs::path>& sorted_files) {
  const auto count = static_cast<std::int64_t>(sorted_files.size());
  if (count < 2 || count > kMostParts) return false;
  const std::string first = sorted_files.front().filename().string();
  const std::string suffix = suffix_of(0, count);
  if (!first.ends_with(suffix)) return false;
  const std::string base = first.substr(0, first.size() - suffix.size());
  for (std::int64_t part = 0; part < count; ++part) {
    const std::string name = base + suffix_of(part, count);
    if (sorted_files[static_cast<std::size_t>(part)].filename().string() != name) return false;
  }
  return true;
}

}  // namespace salient
