// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/hugging_face_cache.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/shard_index.h"
#include "engine/error.h"

namespace salient {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxModels = 1000;
constexpr std::string_view kPrefix = "models--";

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (entries.size() == kMaxModels) break;
    entries.push_back(at->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// "org/name" of models--org--name; nothing for datasets and other folders.
std::optional<std::string> model_name(const fs::path& repository) {
  std::string name = repository.filename().string();
  if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) return {};
  name.erase(0, kPrefix.size());
  const std::size_t dashes = name.find("--");
  if (dashes != std::string::npos) name.replace(dashes, 2, "/");
  return escaped(name);
}

/// The commit that refs/main names, when it is one plain name.
std::optional<fs::path> main_snapshot(const fs::path& repository) {
  try {
    constexpr std::uint64_t kMaxBytes = 256;
    std::string commit = read_text(FileSource(repository / "refs" / "main"), kMaxBytes);
    while (!commit.empty() && (commit.back() == '\n' || commit.back() == '\r')) commit.pop_back();
    if (!is_plain_file_name(commit)) return {};
    return repository / "snapshots" / commit;
  } catch (const Error&) {
    return {};
  }
}

struct Weights {
  std::uint64_t bytes = 0;
  bool complete = true;
};

bool is_weight_file(const fs::path& file) {
  return file.extension() == ".safetensors" || file.extension() == ".gguf";
}

bool is_pytorch_file(const fs::path& file) {
  return file.extension() == ".bin" && file.filename().string().starts_with("pytorch_model");
}

/// Links are followed for their size only; a dangling one is a download that has not ended.
Weights weights_in(const fs::path& snapshot, bool (*counts)(const fs::path& file)) {
  Weights weights;
  for (const fs::path& file : entries_of(snapshot)) {
    if (!counts(file)) continue;
    std::error_code error;
    const std::uintmax_t size = fs::file_size(file, error);
    weights.complete = weights.complete && !error;
    if (!error) weights.bytes += size;
  }
  return weights;
}

std::optional<CachedModel> model_in(const fs::path& snapshot) {
  std::error_code error;
  if (!fs::is_directory(snapshot, error)) return {};
  Weights weights = weights_in(snapshot, is_weight_file);
  if (weights.complete && weights.bytes == 0) weights = weights_in(snapshot, is_pytorch_file);
  if (!weights.complete || weights.bytes == 0) return {};
  return CachedModel{{}, snapshot, weights.bytes};
}

std::optional<CachedModel> newest_model(const fs::path& repository) {
  std::optional<CachedModel> newest;
  fs::file_time_type newest_time;
  for (const fs::path& snapshot : entries_of(repository / "snapshots")) {
    std::error_code error;
    const fs::file_time_type time = fs::last_write_time(snapshot, error);
    if (error || (newest && time <= newest_time)) continue;
    if (auto model = model_in(snapshot)) {
      newest = std::move(model);
      newest_time = time;
    }
  }
  return newest;
}

}  // namespace

fs::path hugging_face_hub_folder(std::string_view hub_cache, std::string_view hf_home,
                                 const fs::path& home) {
  if (!hub_cache.empty()) return fs::path(hub_cache);
  if (!hf_home.empty()) return fs::path(hf_home) / "hub";
  return home / ".cache" / "huggingface" / "hub";
}

std::vector<CachedModel> list_cached_models(const fs::path& hub_folder) {
  std::vector<CachedModel> models;
  for (const fs::path& repository : entries_of(hub_folder)) {
    const std::optional<std::string> name = model_name(repository);
    if (!name) continue;
    const std::optional<fs::path> main = main_snapshot(repository);
    std::optional<CachedModel> model = main ? model_in(*main) : std::nullopt;
    if (!model) model = newest_model(repository);
    if (!model) continue;
    model->name = *name;
    models.push_back(*std::move(model));
  }
  return models;
}

}  // namespace salient
