// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "engine/checkpoint/config_reader.h"
#include "engine/checkpoint/family_layout.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/gguf_config.h"
#include "engine/checkpoint/gguf_parts.h"
#include "engine/checkpoint/gguf_vocabulary.h"
#include "engine/checkpoint/limits.h"
#include "engine/checkpoint/opened_checkpoint.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"

namespace salient {
namespace {

std::string sha256_of_start(const ByteSource& source, std::uint64_t bytes) {
  Sha256 hash;
  std::vector<std::byte> buffer(limits::kMiB);
  for (std::uint64_t at = 0; at < bytes; at += buffer.size()) {
    const auto piece = std::span(buffer).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes - at)));
    source.read(at, piece);
    hash.update(piece);
  }
  return hash.hex_digest();
}

void check_block_numbers(const ModelConfig& config,
                         const std::map<std::int64_t, std::string>& first,
                         const std::string& file) {
  const auto beyond = first.lower_bound(config.num_layers);
  if (beyond == first.end()) return;
  throw Error(ErrorKind::BadInput, file + ": the block count is " +
                                       std::to_string(config.num_layers) + ", but there is " +
                                       in_quotes(beyond->second));
}

void add_tensors(const GgufHeader& header, const std::string& file, CheckpointParts& parts) {
  std::map<std::int64_t, std::string> first_of_block;
  std::vector<std::string> unused;
  const Architecture& row = *find_architecture(parts.config.model_type);
  for (const GgufTensorEntry& entry : header.tensors) {
    const std::optional<GgufName> name = huggingface_name(row, entry.name);
    if (!name) {
      if (entry.name != "rope_freqs.weight") unused.push_back(entry.name);
      continue;
    }
    first_of_block.try_emplace(name->block, entry.name);
    if (entry.type->decode == nullptr) {
      throw Error(ErrorKind::Unsupported, file + ": tensor " + in_quotes(entry.name) + ": type " +
                                              std::string(entry.type->name) + " is not supported");
    }
    parts.tensors.push_back({{name->name, std::string(entry.type->name), entry.shape, entry.bytes,
                              entry.file, entry.offset},
                             entry.type,
                             {name->rotary_rows ? parts.config.head_dim : 0}});
    // llama.cpp's converter has added the offset of the norms already.
    if (entry.name.ends_with("norm.weight")) parts.tensors.back().shift = -row.norm_offset;
  }
  check_block_numbers(parts.config, first_of_block, file);
  if (unused.empty()) return;
  parts.warnings.push_back(file + ": " + std::to_string(unused.size()) +
                           " tensors are not used, the first is " + in_quotes(unused.front()));
}

bool is_quantized(const StoredTensor& tensor) {
  return tensor.type->block_elements > 1;
}

/// The type of most of the (quantized, if any) bytes, and what "FP16" therefore means.
void describe_precision(const std::string& file, CheckpointParts& parts) {
  const bool quantized = std::any_of(parts.tensors.begin(), parts.tensors.end(), is_quantized);
  std::map<std::string, std::uint64_t> bytes;
  for (const StoredTensor& tensor : parts.tensors) {
    if (quantized && !is_quantized(tensor)) continue;
    bytes[tensor.info.stored_type] += tensor.info.bytes;
  }
  const auto most = std::max_element(
      bytes.begin(), bytes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const std::string type = most == bytes.end() ? "F16" : most->first;
  if (!quantized) {
    parts.precision = type == "F16" ? "FP16" : type == "F32" ? "FP32" : type;
    return;
  }
  parts.precision = "dequantized from " + type;
  parts.warnings.push_back(file + ": the weights are stored as " + type + ": quantizing from " +
                           type + " adds to its error");
}

void add_vocabulary(const GgufMetadata& metadata, const std::string& file, CheckpointParts& parts) {
  parts.tokenizer.vocab_rows = parts.config.vocab_size;
  parts.tokenizer.gguf = read_vocabulary(metadata, file);
  const GgufValue* chat = metadata.find("tokenizer.chat_template");
  if (chat != nullptr && std::holds_alternative<std::string>(chat->value)) {
    parts.tokenizer.chat_template = std::get<std::string>(chat->value);
  } else if (chat != nullptr) {
    parts.warnings.push_back(file + ": tokenizer.chat_template is no text of at most " +
                             std::to_string(limits::kChatTemplateBytes) + " bytes and is not used");
  }
  if (!parts.tokenizer.gguf) return;
  const auto tokens = static_cast<std::int64_t>(parts.tokenizer.gguf->tokens.size());
  if (tokens == parts.config.vocab_size) return;
  throw Error(ErrorKind::BadInput, file + ": " + std::to_string(tokens) +
                                       " tokens for an embedding of " +
                                       std::to_string(parts.config.vocab_size) + " rows");
}

}  // namespace

CheckpointParts open_gguf(const std::filesystem::path& path) {
  GgufFiles files = open_gguf_files(path);
  const GgufHeader& header = files.header;
  const std::string file = files.sources.front()->name();
  CheckpointParts parts;
  parts.format = SourceFormat::Gguf;
  parts.config = read_gguf_config(files.holder_of("rope_freqs.weight"), header);
  parts.config_json = make_config_json(parts.config, "float16");
  add_tensors(header, file, parts);
  std::sort(parts.tensors.begin(), parts.tensors.end(),
            [](const auto& a, const auto& b) { return a.info.name < b.info.name; });
  split_fused(parts.config, file, parts.tensors);
  check_tensors(parts.config, file, false, parts.tensors, parts.warnings);
  if (header.bytes_behind > 0) {
    parts.warnings.push_back(file + ": " + std::to_string(header.bytes_behind) +
                             " bytes after the last tensor are not used");
  }
  describe_precision(file, parts);
  add_vocabulary(header.metadata, file, parts);
  // A tokenizer that happens to lie beside the file is not this model's.
  if (!parts.tokenizer.gguf) parts.tokenizer.folder = path.parent_path();
  for (std::size_t i = 0; i < files.sources.size(); ++i) {
    std::string digest = sha256_of_start(*files.sources[i], files.header_bytes[i]);
    parts.add_source(std::move(files.sources[i]), std::move(digest));
  }
  return parts;
}

}  // namespace salient
