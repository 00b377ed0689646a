// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a reader of one format hands over, and the Checkpoint made of it. Everything behind this
// line is the same for every format.

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/tensor_reader.h"

namespace salient {

struct CheckpointParts {
  SourceFormat format = SourceFormat::HuggingFaceFolder;
  ModelConfig config;
  nlohmann::ordered_json config_json;
  /// Weight files first, in the order of TensorInfo::file; then small ones that belong to the
  /// identity.
  std::vector<std::unique_ptr<FileSource>> sources;
  std::vector<SourceFile> files;      ///< one per source, with its header digest
  std::vector<StoredTensor> tensors;  ///< any order
  TokenizerSource tokenizer;
  std::vector<std::filesystem::path> companions;
  std::vector<std::string> warnings;
  std::string precision;
  std::string already_quantized;
  std::stop_token stop;  ///< asked while values are read

  /// Keeps `source` open and records its identity. Returns its index.
  std::size_t add_source(std::unique_ptr<FileSource> source, std::string header_sha256);
};

/// Sorts the tensors and takes the parts over.
std::unique_ptr<Checkpoint> make_checkpoint(CheckpointParts parts);

/// `weights` names the one safetensors file to read; empty: the index or model.safetensors.
CheckpointParts open_huggingface_folder(const std::filesystem::path& folder,
                                        const std::string& weights);
CheckpointParts open_gguf(const std::filesystem::path& file);

/// Compares what the config promises with what is there: every missing tensor is listed, every
/// shape compared, unknown extras become warnings. Throws Error(BadInput).
void check_tensors(const ModelConfig& config, const std::string& file_name, bool quantized,
                   const std::vector<StoredTensor>& sorted_tensors,
                   std::vector<std::string>& warnings);

}  // namespace salient
