// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <map>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/config_reader.h"
#include "engine/checkpoint/family_layout.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/model_folder.h"
#include "engine/checkpoint/opened_checkpoint.h"
#include "engine/checkpoint/sha256.h"
#include "engine/checkpoint/tokenizer_files.h"
#include "engine/checkpoint/weight_files.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr const char* kConfigName = "config.json";
constexpr const char* kGenerationName = "generation_config.json";
constexpr std::string_view kOwnMethod = "salient";

struct ConfigFile {
  std::unique_ptr<FileSource> source;
  std::string sha256;
};

ConfigFile read_config(const ModelFolder& folder, CheckpointParts& parts) {
  std::unique_ptr<FileSource> source = folder.open(kConfigName);
  if (source == nullptr) {
    throw Error(ErrorKind::BadInput, escaped(folder.path().string(), 4096) +
                                         ": has no config.json, so it is no model folder");
  }
  const std::string text = read_text(*source, limits::kConfigBytes);
  parts.config_json = parse_json(text, kConfigName);
  parts.config = parse_config(parts.config_json, kConfigName, parts.warnings);
  parts.config.name = folder.model_name();
  return {std::move(source), sha256_hex(text)};
}

void read_generation_config(const ModelFolder& folder, CheckpointParts& parts) {
  try {
    const std::unique_ptr<FileSource> source = folder.open(kGenerationName);
    if (source == nullptr) return;
    add_generation_ids(parse_json(read_text(*source, limits::kConfigBytes), kGenerationName),
                       kGenerationName, parts.config, parts.warnings);
  } catch (const Error& error) {
    parts.warnings.push_back(std::string(error.what()) + " (the file is ignored)");
  }
}

const StoredTensor* find_stored(const CheckpointParts& parts, std::string_view name) {
  const auto found = std::lower_bound(
      parts.tensors.begin(), parts.tensors.end(), name,
      [](const StoredTensor& tensor, std::string_view n) { return tensor.info.name < n; });
  return found != parts.tensors.end() && found->info.name == name ? &*found : nullptr;
}

/// Whether two tensors have the same bytes. Large ones are compared at sixteen places: opening
/// reads headers, and two matrices trained apart differ everywhere.
bool same_bytes(const CheckpointParts& parts, const StoredTensor& a, const StoredTensor& b) {
  constexpr std::uint64_t kWhole = 4 * limits::kMiB;
  constexpr std::uint64_t kSample = 4 * limits::kKiB;
  if (a.info.bytes != b.info.bytes || a.info.shape != b.info.shape) return false;
  if (a.strides != b.strides) return false;
  const std::uint64_t total = a.info.bytes;
  const std::uint64_t piece = total <= kWhole ? total : kSample;
  const std::uint64_t stride = total <= kWhole ? total : (total - kSample) / 15;
  std::vector<std::byte> left(static_cast<std::size_t>(piece));
  std::vector<std::byte> right(left.size());
  for (std::uint64_t at = 0; at + piece <= total && piece > 0; at += stride) {
    parts.sources[a.info.file]->read(a.info.offset + at, left);
    parts.sources[b.info.file]->read(b.info.offset + at, right);
    if (left != right) return false;
  }
  return true;
}

void check_tied_head(CheckpointParts& parts) {
  const Architecture& row = *find_architecture(parts.config.model_type);
  const StoredTensor* head = find_stored(parts, row.head);
  const StoredTensor* embedding = find_stored(parts, row.embedding);
  if (!parts.config.tied_head || head == nullptr || embedding == nullptr) return;
  if (same_bytes(parts, *head, *embedding)) return;
  parts.warnings.push_back("config.json ties the head to the embedding, but " +
                           std::string(row.head) + " differs: the embedding is used");
}

bool is_float8(const StoredTensor& tensor) {
  return tensor.info.stored_type.starts_with("F8_");
}

/// What quantization the tensors themselves show.
std::string quantization_of_tensors(const CheckpointParts& parts) {
  for (const StoredTensor& tensor : parts.tensors) {
    const std::string& name = tensor.info.name;
    if (name.ends_with(".qweight")) return "qweight tensors";
    if (name.ends_with(".weight_packed")) return "weight_packed tensors";
    if (name.ends_with(".codes")) return "codes of Salient";
    if (is_float8(tensor) && name.ends_with(".weight")) return "FP8";
  }
  return {};
}

/// FP8 numbers mean nothing without the scale that stands beside them.
void check_float8_scales(const CheckpointParts& parts) {
  for (const StoredTensor& tensor : parts.tensors) {
    const std::string& name = tensor.info.name;
    if (!is_float8(tensor) || !name.ends_with(".weight")) continue;
    if (find_stored(parts, name + "_scale") != nullptr) continue;
    if (find_stored(parts, name + "_scale_inv") != nullptr) continue;
    throw Error(ErrorKind::BadInput, parts.sources[tensor.info.file]->name() + ": tensor " +
                                         in_quotes(name) + ": stored as " +
                                         tensor.info.stored_type + " and " +
                                         in_quotes(name + "_scale") + " is missing");
  }
}

/// Weights of an unquantized model are floating point that can be read.
void check_readable(const CheckpointParts& parts) {
  for (const StoredTensor& tensor : parts.tensors) {
    const bool is_weight =
        tensor.info.name.ends_with(".weight") || tensor.info.name.ends_with(".bias");
    if (!is_weight || tensor.type->decode != nullptr || is_known_extra(tensor.info.name)) continue;
    throw Error(ErrorKind::Unsupported, parts.sources[tensor.info.file]->name() + ": tensor " +
                                            in_quotes(tensor.info.name) + ": stored as " +
                                            tensor.info.stored_type +
                                            ", known are F32, F16 and BF16");
  }
}

/// The type that most bytes have.
std::string precision_of(const std::vector<StoredTensor>& tensors) {
  std::map<std::string, std::uint64_t> bytes;
  for (const StoredTensor& tensor : tensors) bytes[tensor.info.stored_type] += tensor.info.bytes;
  const auto most = std::max_element(
      bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == bytes.end()) return {};
  if (most->first == "F16") return "FP16";
  return most->first == "F32" ? "FP32" : most->first;
}

}  // namespace

CheckpointParts open_huggingface_folder(const std::filesystem::path& path,
                                        const std::string& weights) {
  const ModelFolder folder(path);
  CheckpointParts parts;
  parts.format = SourceFormat::HuggingFaceFolder;
  ConfigFile config_file = read_config(folder, parts);
  read_generation_config(folder, parts);
  open_weight_files(folder, weights, parts);
  take_prefix(*find_architecture(parts.config.model_type), parts.tensors);
  check_float8_scales(parts);
  parts.already_quantized = describe_quantization(parts.config_json, kConfigName);
  if (parts.already_quantized.empty()) parts.already_quantized = quantization_of_tensors(parts);
  const bool quantized = !parts.already_quantized.empty();
  // A run of ours holds its tensors as they are used.
  if (!parts.already_quantized.starts_with(kOwnMethod)) {
    split_fused(parts.config, parts.sources.front()->name(), parts.tensors);
  }
  check_tensors(parts.config, parts.sources.front()->name(), quantized, parts.tensors,
                parts.warnings);
  if (!quantized) check_readable(parts);
  check_tied_head(parts);
  parts.precision = quantized ? parts.already_quantized : precision_of(parts.tensors);
  parts.add_source(std::move(config_file.source), std::move(config_file.sha256));
  parts.tokenizer.folder = folder.path();
  parts.tokenizer.chat_template = read_chat_template(folder, parts.warnings);
  parts.tokenizer.vocab_rows = parts.config.vocab_size;
  parts.companions = find_companions(folder);
  return parts;
}

}  // namespace salient
