// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes a whole checkpoint as a Hugging Face folder of dense float16 tensors: one tensor in memory
// at a time, staged beside the target and published by one rename, so nothing appears under its
// final name until it is whole. For models that are made rather than loaded (`salient synth`).

#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>

#include "engine/checkpoint/checkpoint.h"
#include "engine/export/export.h"

namespace salient {

struct CheckpointCopy {
  const Checkpoint* source = nullptr;
  std::map<std::string, std::string> small_files;  ///< name and text: tokenizer, README.md
  ExistingTarget existing = ExistingTarget::Refuse;
  std::uint64_t shard_bytes = 5'000'000'000;
};

/// Bytes of its tensors.
std::uint64_t float16_bytes(const Checkpoint& source);

/// Error(Resources) before anything is written when the disk has not room; Error(Cancelled) within
/// one tensor. Nothing is left behind on failure.
void write_checkpoint(const CheckpointCopy& copy, const std::filesystem::path& target,
                      const std::stop_token& stop, const ExportProgressSink& progress);

}  // namespace salient
