// SPDX-License-Identifier: Apache-2.0
#pragma once

// The models in the Hugging Face cache (models--org--name/{blobs,refs,snapshots}), for "open
// recent" lists. Only looks: nothing in the cache is written, half-finished downloads are passed
// over.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace salient {

struct CachedModel {
  std::string name;                ///< "org/name", escaped
  std::filesystem::path snapshot;  ///< what to open
  std::uint64_t bytes = 0;         ///< of its weight files
};

/// The cache's folder: `hub_cache` (HF_HUB_CACHE) first, then `hf_home` (HF_HOME) / hub, then
/// `home` / .cache/huggingface/hub. Empty arguments are unset ones.
std::filesystem::path hugging_face_hub_folder(std::string_view hub_cache, std::string_view hf_home,
                                              const std::filesystem::path& home);

/// Snapshots whose safetensors, GGUF or else PyTorch files are all there, sorted by name; the
/// revision of refs/main where there is one, else the newest. Never throws for what lies in the
/// folder.
std::vector<CachedModel> list_cached_models(const std::filesystem::path& hub_folder);

}  // namespace salient
