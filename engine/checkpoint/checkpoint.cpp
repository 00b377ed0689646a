// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/checkpoint.h"

#include <algorithm>
#include <array>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/gguf_parts.h"
#include "engine/checkpoint/opened_checkpoint.h"
#include "engine/checkpoint/quantized_folder.h"
#include "engine/checkpoint/zip_archive.h"
#include "engine/error.h"

namespace salient {
namespace {

bool is_gguf(const std::filesystem::path& path) {
  constexpr std::string_view kMagic = "GGUF";
  constexpr std::string_view kSwapped = "FUGG";
  const FileSource file(path);
  std::array<char, kMagic.size()> start{};
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), start.size()));
  file.read(0, std::as_writable_bytes(std::span(start)).first(length));
  const std::string_view found(start.data(), length);
  return found == kMagic || found == kSwapped || path.extension() == ".gguf";
}

bool is_weight_file(const std::filesystem::path& path) {
  const std::string kind = path.extension().string();
  return kind == ".safetensors" || kind == ".bin" || kind == ".pt" || kind == ".pth" ||
         is_zip_archive(FileSource(path));
}

/// The one GGUF model of a folder that has no config.json; nothing when there is none.
std::optional<std::filesystem::path> only_gguf_in(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "config.json", ignored)) return {};
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".gguf") found.push_back(entry.path());
  }
  if (found.empty()) return {};
  std::sort(found.begin(), found.end());
  if (found.size() == 1 || are_gguf_parts(found)) return found.front();
  throw Error(ErrorKind::BadInput, escaped(folder.string(), 4096) + ": has " +
                                       std::to_string(found.size()) +
                                       " GGUF files, name the one to open");
}

std::unique_ptr<Checkpoint> made(CheckpointParts parts, const std::stop_token& stop) {
  parts.stop = stop;
  return with_quantized_linears(make_checkpoint(std::move(parts)));
}

std::unique_ptr<Checkpoint> open_file(const std::filesystem::path& path,
                                      const std::stop_token& stop) {
  if (is_gguf(path)) return made(open_gguf(path), stop);
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const std::string name = path.filename().string();
  if (is_weight_file(path)) return made(open_huggingface_folder(folder, name), stop);
  if (path.extension() == ".json") return made(open_huggingface_folder(folder, {}), stop);
  const std::string kind = foreign_kind(FileSource(path));
  throw Error(
      ErrorKind::Unsupported,
      escaped(path.string(), 4096) + ": " +
          (kind.empty() ? "is neither a model folder, nor safetensors, PyTorch or GGUF" : kind));
}

}  // namespace

const TensorInfo* Checkpoint::find(std::string_view name) const {
  const std::vector<TensorInfo>& all = tensors();
  const auto found =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const TensorInfo& t, std::string_view n) { return t.name < n; });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

std::uint64_t Checkpoint::parameter_count() const {
  std::uint64_t count = 0;
  for (const TensorInfo& tensor : tensors()) {
    count += static_cast<std::uint64_t>(element_count(tensor.shape));
  }
  return count;
}

std::unique_ptr<Checkpoint> open_checkpoint(const std::filesystem::path& path,
                                            const std::stop_token& stop) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return open_file(path, stop);
  if (const auto gguf = only_gguf_in(path)) return made(open_gguf(*gguf), stop);
  return made(open_huggingface_folder(path, {}), stop);
}

}  // namespace salient
