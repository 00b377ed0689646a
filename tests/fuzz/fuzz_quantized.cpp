// SPDX-License-Identifier: Apache-2.0
// Input: quantization_config as one line of JSON, then a safetensors file whose tensors are taken
// for packed linears. What is accepted has as many codes, steps and zero points as it says.
#include <algorithm>
#include <array>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/quantized_form.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/checkpoint/tensor_reader.h"
#include "tests/fuzz/memory_source.h"

using namespace salient;

namespace {

/// The tensors of the input, and nothing else of a checkpoint.
class InputCheckpoint : public Checkpoint {
 public:
  explicit InputCheckpoint(const ByteSource& source) : source_(source), files_(1) {
    const SafetensorsHeader header = read_safetensors_header(source);
    for (const SafetensorsTensor& tensor : header.tensors) {
      const TensorInfo info{
          tensor.name, std::string(tensor.type->name),  tensor.shape, tensor.bytes(),
          0,           header.data_start + tensor.begin};
      infos_.push_back(info);
      stored_.push_back({info, tensor.type, {}});
    }
  }
  SourceFormat format() const override { return SourceFormat::HuggingFaceFolder; }
  const ModelConfig& config() const override { return config_; }
  const nlohmann::ordered_json& config_json() const override { return json_; }
  const std::vector<SourceFile>& files() const override { return files_; }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  const TokenizerSource& tokenizer_source() const override { return tokenizer_; }
  std::vector<std::filesystem::path> companion_files() const override { return {}; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  std::string precision() const override { return {}; }
  std::string already_quantized() const override { return {}; }
  Tensor read(std::string_view name, DType as) const override {
    const TensorInfo* info = find(name);
    fuzz::require(info != nullptr);
    return read_tensor(source_, stored_[static_cast<std::size_t>(info - infos_.data())], as);
  }
  std::optional<QuantizedMatrix> read_codes(std::string_view /*name*/) const override { return {}; }

 private:
  const ByteSource& source_;
  ModelConfig config_;
  nlohmann::ordered_json json_;
  std::vector<SourceFile> files_;
  std::vector<TensorInfo> infos_;
  std::vector<StoredTensor> stored_;
  TokenizerSource tokenizer_;
  std::vector<std::string> warnings_;
};

void check_accepted(const StoredGrid& grid, const LinearGrid& linear) {
  const auto outputs = static_cast<std::size_t>(linear.out_features);
  const auto inputs = static_cast<std::size_t>(linear.in_features);
  const auto groups = static_cast<std::size_t>(linear.scheme.num_groups(linear.in_features));
  fuzz::require(grid.codes.size() == outputs * inputs);
  fuzz::require(grid.steps.size() == outputs * groups);
  fuzz::require(grid.zero_points.size() == outputs * groups);
  const auto levels = static_cast<unsigned>(linear.scheme.levels());
  fuzz::require(std::ranges::all_of(grid.codes, [&](unsigned code) { return code < levels; }));
  fuzz::require(dequantized(grid).shape() == Shape{linear.out_features, linear.in_features});
}

void check_linears(const QuantizedForm& form, const QuantizedSource& source) {
  // A checkpoint's shapes are compared with its config before anything of their size is made.
  constexpr std::int64_t kMost = 1 << 20;
  for (const TensorInfo& info : source.stored.tensors()) {
    if (!info.name.ends_with(form.parts.front())) continue;
    const std::string name = info.name.substr(0, info.name.size() - form.parts.front().size());
    const LinearGrid grid = form.describe(source, name);
    if (grid.in_features < 1 || grid.out_features < 1 || grid.in_features > kMost ||
        grid.out_features > kMost / grid.in_features) {
      continue;
    }
    check_accepted(form.read(source, name, grid), grid);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr std::array<const QuantizedForm*, 5> kForms = {
      &quantized::kAwqGemm, &quantized::kAwqGemv, &quantized::kGptq, &quantized::kCompressedTensors,
      &quantized::kSalient};
  const std::uint8_t* const line = std::find(data, data + size, '\n');
  if (line == data + size) return 0;
  const auto json_size = static_cast<std::size_t>(line - data);
  try {
    const auto config = parse_json(fuzz::text_of(data, json_size), "config.json");
    if (!config.is_object()) return 0;
    const fuzz::MemorySource source(line + 1, size - json_size - 1);
    const InputCheckpoint checkpoint(source);
    for (const QuantizedForm* form : kForms) {
      if (form->matches(config)) check_linears(*form, {checkpoint, config});
    }
  } catch (const Error& error) {
    fuzz::require_one_line(error.what());
  }
  return 0;
}
