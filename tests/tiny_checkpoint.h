// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a small valid Llama checkpoint with seeded random weights, as a Hugging Face folder (one
// file or shards) or as a GGUF file, with a byte-level tokenizer of 256 tokens. Parts are plain
// values, so that a test can change one and write the rest as it is. It uses no reader or writer of
// the engine: the bytes are an independent statement of both formats.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/tensor/dtype.h"
#include "engine/tensor/tensor.h"

namespace salient::tests {

struct TinyOptions {
  std::uint64_t seed = 1;
  std::int64_t hidden_size = 64;
  std::int64_t intermediate_size = 128;
  std::int64_t num_layers = 2;
  std::int64_t num_heads = 4;
  std::int64_t num_kv_heads = 2;
  std::int64_t head_dim = 16;
  std::int64_t vocab_size = 256;  ///< tokenizer files are written for 256 only
  DType dtype = DType::F16;       ///< F32, F16 or BF16
  bool tied_head = false;
  bool attention_bias = false;
  bool mlp_bias = false;
};

struct TinyTensor {
  std::string name;   ///< Hugging Face name
  std::string dtype;  ///< safetensors word: "F16"
  Shape shape;
  std::string bytes;  ///< little endian, row-major
};

struct TinyCheckpoint {
  TinyOptions options;
  nlohmann::ordered_json config;    ///< config.json
  std::vector<TinyTensor> tensors;  ///< in the order in which they are stored

  TinyTensor& tensor(std::string_view name);
  /// The values of `tensor(name)` as float32, exactly as stored.
  std::vector<float> values(std::string_view name) const;
};

/// Linears are N(0, 1/in_features), norms lie around 1; two embedding channels are eight times
/// louder than the rest, so that activation-aware scales have something to find.
TinyCheckpoint make_tiny_checkpoint(const TinyOptions& options = {});

/// The bytes of a safetensors file: length, header padded to 8, data without holes.
std::string safetensors_bytes(const std::vector<TinyTensor>& tensors);
/// Only its JSON header.
nlohmann::ordered_json safetensors_header(const std::vector<TinyTensor>& tensors);
/// u64 little endian length of `header`, `header`, `data`.
std::string safetensors_bytes(std::string_view header, std::string_view data);

/// config.json, generation_config.json, tokenizer.json, tokenizer_config.json, model.safetensors.
void write_folder(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder);
/// The same with model-0000i-of-0000n.safetensors and model.safetensors.index.json.
void write_sharded_folder(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder,
                          std::size_t shards);
void write_bytes(const std::filesystem::path& file, std::string_view bytes);

/// One GGUF metadata entry: `value` is the bytes behind the key (u32 type, then the value).
using GgufEntry = std::pair<std::string, std::string>;
std::string gguf_u32(std::uint32_t value);
std::string gguf_f32(float value);
std::string gguf_string(std::string_view value);
std::string gguf_string_array(const std::vector<std::string>& values);
std::string gguf_i32_array(const std::vector<std::int32_t>& values);

struct GgufTensor {
  std::string name;                  ///< "blk.0.attn_q.weight"
  std::vector<std::uint64_t> shape;  ///< fastest dimension first, as in the file
  std::uint32_t type = 0;            ///< ggml type: 0 F32, 1 F16, 8 Q8_0, 30 BF16
  std::string bytes;
};

struct TinyGguf {
  std::vector<GgufEntry> metadata;
  std::vector<GgufTensor> tensors;
};

enum class GgufWeights { AsStored, Q8_0 };

/// The same model as llama.cpp's converter would write it: q and k rows permuted, norms in F32.
TinyGguf make_tiny_gguf(const TinyCheckpoint& checkpoint,
                        GgufWeights weights = GgufWeights::AsStored);
/// Version 3, little endian, alignment 32.
std::string gguf_bytes(const TinyGguf& gguf);

}  // namespace salient::tests
