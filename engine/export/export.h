// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writers: from quantized blocks to a folder that others load. Everything is staged beside the
// target, re-opened with our own reader, compared with the engine's values, and published by one
// rename; nothing appears under its final name until it is whole.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/quantization/quantization.h"

namespace salient {

enum class ExportFormat {
  Awq,   ///< AutoAWQ "gemm": 4 bits, group 32/64/128 dividing in_features, zero points stored
  Fp16,  ///< dense float16, scales and clip folded in, no codes
  Run,   ///< Salient's own: any bits, ragged groups, mixed; safetensors plus salient/
};
/// "awq", "fp16", "run".
std::string_view key_of(ExportFormat format);

/// Where blocks come from, one at a time: the journal's step files, or a finished run folder.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  virtual std::int64_t num_blocks() const = 0;
  virtual QuantizedBlock block(std::int64_t index) const = 0;
};

struct ExportRequest {
  ExportFormat format = ExportFormat::Awq;
  const Checkpoint* source = nullptr;
  const BlockSource* blocks = nullptr;
  QuantScheme scheme;       ///< the default, for quantization_config
  std::string model_card;   ///< README.md text (engine/report)
  std::string record_json;  ///< salient/record.json: plan, curves, statistics
};

/// Why `format` cannot say these settings, one sentence; empty when it can.
std::string why_not(ExportFormat format, const ModelConfig& config,
                    const std::vector<LinearId>& linears,
                    const std::vector<LinearSettings>& settings);

/// Writes, verifies and publishes. Throws Error; nothing is left under `target` on failure.
void export_model(const ExportRequest& request, const std::filesystem::path& target,
                  std::stop_token stop,
                  const std::function<void(const std::string& step, double share)>& progress);

}  // namespace salient
