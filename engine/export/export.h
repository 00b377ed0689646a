// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writers: from quantized blocks to a folder that others load. Everything is staged beside the
// target, re-opened with our own reader, compared with the engine's values, and published by one
// rename; nothing appears under its final name until it is whole. Blocks come and go one at a time.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/export/job_folder.h"
#include "engine/export/safetensors_writer.h"
#include "engine/quantization/quantization.h"

namespace salient {

enum class ExportFormat {
  Awq,     ///< AutoAWQ "gemm": 4 bits, group 32/64/128/row dividing in_features, zero points stored
  Fp16,    ///< dense float16, scales and clip folded in, no codes
  Run,     ///< Salient's own: any bits, ragged groups, mixed; safetensors plus salient/
  Gptq,    ///< version 1, whose zero points cannot be 0: symmetric grids of 2, 3, 4, 8 bits
  GptqV2,  ///< the same with zero points as they are
  CompressedTensors,  ///< pack-quantized: 4 and 8 bits, each linear as it likes
  Bf16,               ///< as Fp16
  FakeFp16,           ///< dense float16 of what the codes stand for
  FakeBf16,
  GgufQ4_0,  ///< symmetric codes of up to 4 bits (8-bit ones as Q8_0), in blocks of 32
  GgufQ4_1,  ///< codes of up to 4 bits; a block's minimum is rounded to float16
  GgufQ8_0,  ///< symmetric 8-bit codes, and any of up to 4 bits
  GgufF16,   ///< as Fp16
};
/// "awq", "fp16", "run": the word of --format.
std::string_view key_of(ExportFormat format);
/// "AWQ", "GPTQ v1": for people.
std::string_view label_of(ExportFormat format);
/// The format of that key; nothing when there is none.
std::optional<ExportFormat> find_export_format(std::string_view key);
/// "awq, gptq or run", for sentences.
std::string export_format_keys();
/// Made from the weights of the source, which the request then has to name.
bool needs_source_weights(ExportFormat format);
/// Of matrices without codes.
DType dense_type(ExportFormat format);
/// Its engines run q, k, v as one matrix, and gate and up as another: they share what is kept FP16.
bool runs_fused(ExportFormat format);

using NamedTensor = std::pair<std::string, Tensor>;

/// Where blocks come from, one at a time: the journal's step files, or a finished run folder.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  virtual std::int64_t num_blocks() const = 0;
  virtual QuantizedBlock block(std::int64_t index) const = 0;
  /// What OUT/salient/layerNN.safetensors keeps of a block; nothing: no such file.
  virtual std::vector<NamedTensor> record(std::int64_t /*index*/) const { return {}; }
};

struct ExportRequest {
  ExportFormat format = ExportFormat::Awq;
  const Checkpoint* source = nullptr;
  const BlockSource* blocks = nullptr;
  QuantScheme scheme;       ///< the default, for quantization_config
  std::string model_name;   ///< of the original, for a GGUF; empty: the source's
  std::string model_card;   ///< README.md text (engine/report)
  std::string record_json;  ///< salient/record.json: plan, curves, statistics
  std::vector<LinearId> linears;
  std::vector<LinearSettings> settings;  ///< one per linear
  ExistingTarget existing = ExistingTarget::Refuse;
  std::uint64_t shard_bytes = SafetensorsFolder::kShardBytes;  ///< files are cut there
};

using ExportProgressSink = std::function<void(const std::string& step, double share)>;

/// Why the family's files cannot hold single linears as they are used; empty when they do.
std::string why_not_layout(const ModelConfig& config);
/// Why `format` cannot say these settings, one sentence; empty when it can.
std::string why_not(ExportFormat format, const ModelConfig& config,
                    const std::vector<LinearId>& linears,
                    const std::vector<LinearSettings>& settings);

/// Bytes of the tensors that an export holds, without writing anything.
std::uint64_t export_bytes(ExportFormat format, const Checkpoint& source,
                           const std::vector<LinearId>& linears,
                           const std::vector<LinearSettings>& settings);

/// Writes, verifies and publishes. Throws Error; nothing is left under `target` on failure.
void export_model(const ExportRequest& request, const std::filesystem::path& target,
                  const std::stop_token& stop, const ExportProgressSink& progress);

/// The first half: writes and verifies inside `staging`, an empty folder.
void stage_export(const ExportRequest& request, const Folder& staging, const std::stop_token& stop,
                  const ExportProgressSink& progress);

}  // namespace salient
