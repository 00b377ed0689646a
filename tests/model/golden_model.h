// SPDX-License-Identifier: Apache-2.0
#pragma once

// Models in memory for tests: a `Checkpoint` made of values, and the tiny Llamas of
// tests/golden/llama_golden.json, whose weights are a hash of (tensor name, index).

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/checkpoint/checkpoint.h"

namespace salient::tests {

class MemoryCheckpoint final : public Checkpoint {
 public:
  MemoryCheckpoint(ModelConfig config, std::map<std::string, Tensor> tensors);

  SourceFormat format() const override { return SourceFormat::HuggingFaceFolder; }
  const ModelConfig& config() const override { return config_; }
  const nlohmann::ordered_json& config_json() const override { return json_; }
  const std::vector<SourceFile>& files() const override { return files_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  const TokenizerSource& tokenizer_source() const override { return tokenizer_; }
  std::vector<std::filesystem::path> companion_files() const override { return {}; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  std::string precision() const override { return "FP32"; }
  std::string already_quantized() const override { return {}; }
  Tensor read(std::string_view name, DType as) const override;
  std::optional<QuantizedMatrix> read_codes(std::string_view) const override { return {}; }

 private:
  ModelConfig config_;
  std::map<std::string, Tensor> tensors_;  ///< F32
  std::vector<TensorInfo> infos_;
  std::vector<SourceFile> files_;
  nlohmann::ordered_json json_;
  TokenizerSource tokenizer_;
  std::vector<std::string> warnings_;
};

/// `count` numbers in [-0.5, 0.5), the same for the same name everywhere.
std::vector<float> golden_uniform(std::string_view name, std::int64_t count);
/// N(0, 1)-like numbers of the same source: sums of twelve uniforms.
std::vector<float> golden_normal(std::string_view name, std::int64_t count);
Tensor golden_tensor(std::string_view name, const Shape& shape);

/// Every tensor that the config asks for, made by `golden_tensor`.
MemoryCheckpoint golden_checkpoint(const ModelConfig& config);
/// A small Llama of the shape that most tests use: grouped-query attention, hidden 32.
ModelConfig small_config();

struct GoldenCase {
  std::string name;
  ModelConfig config;
  std::vector<std::int32_t> ids;
  std::vector<float> logits;  ///< [ids, vocab]
};
std::vector<GoldenCase> golden_cases();

}  // namespace salient::tests
