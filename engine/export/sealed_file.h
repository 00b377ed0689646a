// SPDX-License-Identifier: Apache-2.0
#pragma once

// Safetensors files written in one go, plain or sealed. A sealed file proves itself: its last
// tensor, "~seal", is the SHA-256 of every byte before it, and its tensor "meta" holds a JSON
// object. Any safetensors reader opens it; ours refuses it when one bit is wrong. Sealed files may
// be large: both ways throw Error(Cancelled) soon after a request to stop.

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/file_source.h"
#include "engine/export/durable_file.h"
#include "engine/export/export.h"

namespace salient {

/// Names differ; any order.
void put_tensors(const Folder& folder, const std::string& name,
                 const std::vector<NamedTensor>& tensors);

/// Every tensor of a plain file. Error(BadInput) when it is not a sound safetensors file.
std::map<std::string, Tensor> read_tensors(const std::filesystem::path& path);

struct SealedFile {
  nlohmann::ordered_json meta;
  std::map<std::string, Tensor> tensors;
  std::string seal;  ///< SHA-256 as hexadecimal digits
};

/// Returns the seal.
std::string put_sealed(const Folder& folder, const std::string& name,
                       const nlohmann::ordered_json& meta, std::vector<NamedTensor> tensors,
                       const std::stop_token& stop = {});
/// Error(BadInput) when anything in the file is not as it was written.
SealedFile read_sealed(const std::filesystem::path& path, const std::stop_token& stop = {});
SealedFile read_sealed(const ByteSource& file);

}  // namespace salient
