// SPDX-License-Identifier: Apache-2.0
#pragma once

// A model on disk: its config, its named tensors (lazy, read with pread) and its small files.
// Readers for Hugging Face folders and GGUF files stand behind it. Hostile files end here, with one
// sentence (Error BadInput, or Unsupported). Names are always the Hugging Face names of the family
// ("model.layers.0.self_attn.q_proj.weight"), whatever the file calls them, and values are in the
// Hugging Face order (GGUF's permuted q and k rows are put back).
//
// Thread: `read` may be called from several threads; nothing is cached. Sources are opened once and
// pinned: a file that changes while in use makes `read` throw.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/model_config.h"
#include "engine/tensor/quantized_matrix.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct TensorInfo {
  std::string name;          ///< Hugging Face name
  std::string stored_type;   ///< as the file says: "BF16", "Q4_1"
  Shape shape;               ///< [out_features, in_features] for weights
  std::uint64_t bytes = 0;   ///< in the file
  std::size_t file = 0;      ///< index into Checkpoint::files()
  std::uint64_t offset = 0;  ///< absolute, in that file
};

/// Identity of a source file, for the journal and for "changed while in use".
struct SourceFile {
  std::filesystem::path path;
  std::uint64_t size = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::string header_sha256;  ///< of the header bytes (safetensors JSON, GGUF metadata)
};

/// A vocabulary carried inside a GGUF file.
struct GgufVocabulary {
  std::string model;                      ///< "gpt2" (byte-level BPE) or "llama" (SentencePiece)
  std::string pre_tokenizer;              ///< "smollm", "llama-bpe", ...
  std::vector<std::string> tokens;        ///< index = id
  std::vector<std::string> merges;        ///< "left right", best first
  std::vector<float> scores;              ///< SentencePiece only
  std::vector<std::int32_t> token_types;  ///< 1 normal, 2 unknown, 3 control, 4 user, 6 byte
  std::optional<std::int32_t> bos, eos, unknown, padding;
  std::optional<bool> add_bos, add_eos, add_space_prefix;
};

/// Everything a tokenizer and a chat template are made from. Files are paths, not contents: the
/// tokenizer room reads them with its own limits.
struct TokenizerSource {
  std::filesystem::path folder;  ///< where tokenizer.json, tokenizer.model ... may lie
  std::optional<GgufVocabulary> gguf;
  std::string chat_template;    ///< empty: none
  std::int64_t vocab_rows = 0;  ///< rows of the embedding
};

enum class SourceFormat { HuggingFaceFolder, Gguf };

class Checkpoint {
 public:
  virtual ~Checkpoint() = default;

  virtual SourceFormat format() const = 0;
  virtual const ModelConfig& config() const = 0;
  /// config.json as read, keys in order; for a GGUF, the equivalent one that we would write.
  virtual const nlohmann::ordered_json& config_json() const = 0;
  virtual const std::vector<SourceFile>& files() const = 0;
  /// Sorted by name.
  virtual const std::vector<TensorInfo>& tensors() const = 0;
  virtual const TokenizerSource& tokenizer_source() const = 0;
  /// Small files to carry over into an export (LICENSE, generation_config.json, tokenizer files).
  virtual std::vector<std::filesystem::path> companion_files() const = 0;
  /// One sentence each: "quantizing from Q4_1", "tensor x is in no index".
  virtual const std::vector<std::string>& warnings() const = 0;
  /// "FP16", "BF16", or "dequantized from Q4_1": what "FP16" means for this source.
  virtual std::string precision() const = 0;
  /// The quantization found in config or tensors ("AWQ, 4 bit"), empty when there is none.
  virtual std::string already_quantized() const = 0;

  /// Values as float32, or the stored 16-bit type when `as` names it. Throws Error(BadInput) for an
  /// unknown name, a short read, a changed file, or a value that is NaN or infinite (naming the row
  /// and column).
  virtual Tensor read(std::string_view name, DType as) const = 0;
  /// The stored codes where the file already holds them on a grid of ours (Q8_0 as 8-bit g32
  /// symmetric, exact); nothing otherwise.
  virtual std::optional<QuantizedMatrix> read_codes(std::string_view name) const = 0;

  const TensorInfo* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::uint64_t parameter_count() const;
};

/// Opens a Hugging Face folder, a model.safetensors inside one, or a GGUF file: headers only, under
/// a second for any size. Checks everything in reliability rule 2 before allocating. Once `stop` is
/// requested, reading values throws Error(Cancelled) within a mebibyte.
std::unique_ptr<Checkpoint> open_checkpoint(const std::filesystem::path& path,
                                            const std::stop_token& stop = {});

/// Only the vocabulary of a GGUF file, of any architecture and also without tensors.
GgufVocabulary read_gguf_vocabulary(const std::filesystem::path& file);

}  // namespace salient
