// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantized_folder.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/quantized_form.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kWeight = ".weight";
constexpr std::string_view kBias = ".bias";

constexpr std::array<const QuantizedForm*, 5> kForms = {
    &quantized::kAwqGemm, &quantized::kAwqGemv, &quantized::kGptq, &quantized::kCompressedTensors,
    &quantized::kSalient};

using Linears = std::map<std::string, LinearGrid>;

/// Linears by name, from the tensors that are there.
Linears find_linears(const QuantizedForm& form, const QuantizedSource& source) {
  Linears linears;
  const std::string_view mark = form.parts.front();
  for (const TensorInfo& info : source.stored.tensors()) {
    if (!info.name.ends_with(mark)) continue;
    const std::string name = info.name.substr(0, info.name.size() - mark.size());
    linears[name] = form.describe(source, name);
  }
  return linears;
}

bool is_zero(const Tensor& values) {
  return std::ranges::all_of(values.as<float>(), [](float value) { return value == 0.0F; });
}

class QuantizedFolder final : public Checkpoint {
 public:
  QuantizedFolder(std::unique_ptr<Checkpoint> stored, const QuantizedForm& form)
      : stored_(std::move(stored)), form_(form), linears_(find_linears(form, source())) {
    for (const TensorInfo& info : stored_->tensors()) {
      if (!is_part(info.name)) infos_.push_back(info);
    }
    for (const auto& [name, grid] : linears_) infos_.push_back(logical_info(name, grid));
    std::ranges::sort(infos_, {}, &TensorInfo::name);
    const auto twin = std::ranges::adjacent_find(infos_, {}, &TensorInfo::name);
    if (twin != infos_.end()) {
      throw Error(ErrorKind::BadInput, quantized::place_of(*stored_, *twin) +
                                           " is there both quantized and not quantized");
    }
    check_shapes();
    leave_out_empty_biases();
  }

  SourceFormat format() const override { return stored_->format(); }
  const ModelConfig& config() const override { return stored_->config(); }
  const Json& config_json() const override { return stored_->config_json(); }
  const std::vector<SourceFile>& files() const override { return stored_->files(); }
  const std::vector<TensorInfo>& tensors() const override { return infos_; }
  const TokenizerSource& tokenizer_source() const override { return stored_->tokenizer_source(); }
  std::vector<std::filesystem::path> companion_files() const override {
    return stored_->companion_files();
  }
  const std::vector<std::string>& warnings() const override { return stored_->warnings(); }
  std::string precision() const override { return already_quantized(); }
  std::string already_quantized() const override { return stored_->already_quantized(); }

  Tensor read(std::string_view name, DType as) const override {
    const auto* linear = find_linear(name);
    if (linear == nullptr) return stored_->read(name, as);
    return dequantized(form_.read(source(), linear->first, linear->second)).to(as);
  }
  std::optional<QuantizedMatrix> read_codes(std::string_view name) const override {
    const auto* linear = find_linear(name);
    if (linear == nullptr) return stored_->read_codes(name);
    return as_codes(form_.read(source(), linear->first, linear->second));
  }

 private:
  QuantizedSource source() const {
    return {*stored_, *stored_->config_json().find("quantization_config")};
  }

  /// The dense checkpoint's shapes were compared with the config at opening; these were not.
  void check_shapes() const {
    for (const ExpectedTensor& wanted : expected_tensors(config())) {
      const TensorInfo* found = find(wanted.name);
      if (found != nullptr && found->shape == wanted.shape) continue;
      const std::string expected = "expected " + to_string(wanted.shape) + " by the config";
      if (found == nullptr) {
        throw Error(ErrorKind::BadInput, escaped(config().name) + ": tensor " +
                                             in_quotes(wanted.name) + " is missing, " + expected);
      }
      throw Error(ErrorKind::BadInput, quantized::place_of(*stored_, *found) + ": " + expected +
                                           ", the file has " + to_string(found->shape));
    }
  }

  /// Old writers of GPTQ give every linear a bias; where the model has none, it holds zeros.
  void leave_out_empty_biases() {
    std::set<std::string> wanted;
    for (const ExpectedTensor& tensor : expected_tensors(config())) wanted.insert(tensor.name);
    std::erase_if(infos_, [&](const TensorInfo& info) {
      if (!info.name.ends_with(kBias) || wanted.contains(info.name)) return false;
      const std::string linear = info.name.substr(0, info.name.size() - kBias.size());
      return linears_.contains(linear) && is_zero(stored_->read(info.name, DType::F32));
    });
  }

  const Linears::value_type* find_linear(std::string_view weight) const {
    if (!weight.ends_with(kWeight)) return nullptr;
    const auto found = linears_.find(std::string(weight.substr(0, weight.size() - kWeight.size())));
    return found == linears_.end() ? nullptr : &*found;
  }

  bool is_part(const std::string& tensor) const {
    const std::size_t dot = tensor.rfind('.');
    if (dot == std::string::npos || !linears_.contains(tensor.substr(0, dot))) return false;
    const std::string_view kind = std::string_view(tensor).substr(dot);
    return std::ranges::find(form_.parts, kind) != form_.parts.end() ||
           std::ranges::find(form_.optional_parts, kind) != form_.optional_parts.end();
  }

  TensorInfo logical_info(const std::string& name, const LinearGrid& grid) const {
    TensorInfo info = *stored_->find(name + std::string(form_.parts.front()));
    info.bytes = 0;
    for (const auto parts : {form_.parts, form_.optional_parts}) {
      for (const std::string_view part : parts) {
        const TensorInfo* found = stored_->find(name + std::string(part));
        if (found != nullptr) info.bytes += found->bytes;
      }
    }
    info.name = name + std::string(kWeight);
    info.stored_type = std::string(form_.label) + to_string(grid.scheme);
    info.shape = {grid.out_features, grid.in_features};
    return info;
  }

  std::unique_ptr<Checkpoint> stored_;
  const QuantizedForm& form_;
  Linears linears_;
  std::vector<TensorInfo> infos_;
};

}  // namespace

std::unique_ptr<Checkpoint> with_quantized_linears(std::unique_ptr<Checkpoint> stored) {
  const Json& config = stored->config_json();
  const auto found = config.find("quantization_config");
  if (found == config.end() || !found->is_object()) return stored;
  const auto form =
      std::ranges::find_if(kForms, [&](const QuantizedForm* row) { return row->matches(*found); });
  if (form == kForms.end()) return stored;
  return std::make_unique<QuantizedFolder>(std::move(stored), **form);
}

}  // namespace salient
