// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/quantized_folder.h"

#include <algorithm>
#include <array>
#include <map>

#include "engine/checkpoint/architecture.h"
#include "engine/checkpoint/awq_tensors.h"
#include "engine/checkpoint/checked.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/run_tensors.h"
#include "engine/error.h"

namespace salient {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kWeight = ".weight";

enum class Form { Awq, Run };

struct StoredLinear {
  Form form = Form::Awq;
  QuantScheme scheme;
  std::int64_t in_features = 0;
};

constexpr std::array<std::string_view, 3> kAwqParts = {".qweight", ".qzeros", ".scales"};
constexpr std::array<std::string_view, 3> kRunParts = {".codes", ".steps", ".zero_points"};

const std::array<std::string_view, 3>& parts_of(Form form) {
  return form == Form::Awq ? kAwqParts : kRunParts;
}

[[noreturn]] void refuse(const std::string& sentence) {
  throw Error(ErrorKind::BadInput, "config.json: quantization_config: " + sentence);
}

std::int64_t integer(const Json& object, const char* key, std::int64_t fallback) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_number_integer()) refuse(std::string(key) + " is not an integer");
  return found->get<std::int64_t>();
}

bool flag(const Json& object, const char* key, bool fallback) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  if (!found->is_boolean()) refuse(std::string(key) + " is not true or false");
  return found->get<bool>();
}

std::string lower_case(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  std::string text = found->get<std::string>();
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

QuantScheme scheme_of(const Json& object) {
  QuantScheme scheme;
  const std::int64_t bits = integer(object, "bits", 4);
  if (bits < 1 || bits > 8) refuse("bits is " + std::to_string(bits) + ", 2, 3, 4 and 8 are known");
  scheme.bits = static_cast<int>(bits);
  scheme.group_size = integer(object, "group_size", 128);
  if (scheme.group_size == -1) scheme.group_size = QuantScheme::kWholeRow;
  scheme.symmetry = flag(object, "symmetric", false) ? Symmetry::Symmetric : Symmetry::Asymmetric;
  validate(scheme);
  return scheme;
}

/// "model.safetensors: tensor "x.qweight"", as every reader begins its sentence.
std::string place_of(const Checkpoint& stored, const TensorInfo& info) {
  const std::filesystem::path file = stored.files().at(info.file).path.filename();
  return escaped(file.string()) + ": tensor " + in_quotes(info.name);
}

/// A tensor that no file has.
[[noreturn]] void refuse_missing(const Checkpoint& stored, const std::string& name,
                                 const std::string& why) {
  throw Error(ErrorKind::BadInput,
              escaped(stored.config().name) + ": tensor " + in_quotes(name) + " is missing" + why);
}

/// Linears by name, from the tensors that are there.
std::map<std::string, StoredLinear> find_awq_linears(const Checkpoint& stored, const Json& config) {
  const QuantScheme scheme = scheme_of(config);
  if (scheme.bits != 4)
    refuse("AWQ gemm with " + std::to_string(scheme.bits) + " bits, only 4 are known");
  std::map<std::string, StoredLinear> linears;
  for (const TensorInfo& info : stored.tensors()) {
    if (!info.name.ends_with(kAwqParts[0])) continue;
    const std::string name = info.name.substr(0, info.name.size() - kAwqParts[0].size());
    if (info.shape.size() != 2) {
      throw Error(ErrorKind::BadInput, place_of(stored, info) + " has shape " +
                                           to_string(info.shape) + ", [in, out/8] expected");
    }
    linears[name] = {Form::Awq, scheme, info.shape[0]};
  }
  return linears;
}

/// Linears by name, as the config lists them.
std::map<std::string, StoredLinear> find_run_linears(const Json& config) {
  if (integer(config, "format", 0) != 1) {
    refuse("format " + std::to_string(integer(config, "format", 0)) +
           " was written by another version of Salient, 1 is known");
  }
  const auto list = config.find("linears");
  if (list == config.end() || !list->is_object()) refuse("linears is missing");
  std::map<std::string, StoredLinear> linears;
  for (const auto& [name, object] : list->items()) {
    if (!object.is_object()) refuse("linears: " + in_quotes(name) + " is not an object");
    const std::int64_t in_features = integer(object, "in_features", 0);
    if (in_features < 1 || in_features > (std::int64_t{1} << 30)) {
      refuse("linears: " + in_quotes(name) + " has " + std::to_string(in_features) + " inputs");
    }
    linears[name] = {Form::Run, scheme_of(object), in_features};
  }
  return linears;
}

std::string words(const StoredLinear& linear) {
  return (linear.form == Form::Awq ? "AWQ " : "") + to_string(linear.scheme);
}

class QuantizedFolder final : public Checkpoint {
 public:
  QuantizedFolder(std::unique_ptr<Checkpoint> stored, std::map<std::string, StoredLinear> linears)
      : stored_(std::move(stored)), linears_(std::move(linears)) {
    for (const TensorInfo& info : stored_->tensors()) {
      if (!is_part(info.name)) infos_.push_back(info);
    }
    for (const auto& [name, linear] : linears_) infos_.push_back(logical_info(name, linear));
    std::ranges::sort(infos_, {}, &TensorInfo::name);
    const auto twin = std::ranges::adjacent_find(infos_, {}, &TensorInfo::name);
    if (twin != infos_.end()) {
      throw Error(ErrorKind::BadInput,
                  place_of(*stored_, *twin) + " is there both quantized and not quantized");
    }
    check_shapes();
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
    return dequantize(read_linear(*linear)).to(as);
  }
  std::optional<QuantizedMatrix> read_codes(std::string_view name) const override {
    const auto* linear = find_linear(name);
    if (linear == nullptr) return stored_->read_codes(name);
    return read_linear(*linear);
  }

 private:
  using Entry = std::map<std::string, StoredLinear>::value_type;

  /// The dense checkpoint's shapes were compared with the config at opening; these were not.
  void check_shapes() const {
    for (const ExpectedTensor& wanted : expected_tensors(config())) {
      const TensorInfo* found = find(wanted.name);
      if (found != nullptr && found->shape == wanted.shape) continue;
      const std::string expected = "expected " + to_string(wanted.shape) + " by the config";
      if (found == nullptr) refuse_missing(*stored_, wanted.name, ", " + expected);
      throw Error(ErrorKind::BadInput, place_of(*stored_, *found) + ": " + expected +
                                           ", the file has " + to_string(found->shape));
    }
  }

  const Entry* find_linear(std::string_view weight) const {
    if (!weight.ends_with(kWeight)) return nullptr;
    const auto found = linears_.find(std::string(weight.substr(0, weight.size() - kWeight.size())));
    return found == linears_.end() ? nullptr : &*found;
  }

  bool is_part(const std::string& tensor) const {
    const std::size_t dot = tensor.rfind('.');
    if (dot == std::string::npos) return false;
    const auto linear = linears_.find(tensor.substr(0, dot));
    if (linear == linears_.end()) return false;
    const auto& parts = parts_of(linear->second.form);
    return std::ranges::find(parts, std::string_view(tensor).substr(dot)) != parts.end();
  }

  TensorInfo logical_info(const std::string& name, const StoredLinear& linear) const {
    TensorInfo info;
    for (const std::string_view part : parts_of(linear.form)) {
      const TensorInfo* found = stored_->find(name + std::string(part));
      if (found == nullptr) {
        refuse_missing(*stored_, name + std::string(part), "; download the model again");
      }
      if (found->shape.size() != 2) {
        throw Error(ErrorKind::BadInput, place_of(*stored_, *found) + " has shape " +
                                             to_string(found->shape) + ", a matrix is expected");
      }
      if (info.shape.empty()) {
        info = *found;
        const bool awq = linear.form == Form::Awq;
        const auto out = checked::multiply(found->shape[awq ? 1 : 0], awq ? kAwqOutputsPerWord : 1);
        info.shape = {out.value_or(0), linear.in_features};
      } else {
        info.bytes += found->bytes;
      }
    }
    info.name = name + std::string(kWeight);
    info.stored_type = words(linear);
    return info;
  }

  QuantizedMatrix read_linear(const Entry& entry) const {
    const auto& [name, linear] = entry;
    if (linear.form == Form::Awq) {
      const AwqTensors tensors{stored_->read(name + ".qweight", DType::I32),
                               stored_->read(name + ".qzeros", DType::I32),
                               stored_->read(name + ".scales", DType::F16)};
      return from_awq(name, tensors, linear.scheme);
    }
    const RunTensors tensors{stored_->read(name + ".codes", DType::U8),
                             stored_->read(name + ".steps", DType::F16),
                             stored_->read(name + ".zero_points", DType::U8)};
    return from_run(name, tensors, linear.scheme, linear.in_features);
  }

  std::unique_ptr<Checkpoint> stored_;
  std::map<std::string, StoredLinear> linears_;
  std::vector<TensorInfo> infos_;
};

}  // namespace

std::unique_ptr<Checkpoint> with_quantized_linears(std::unique_ptr<Checkpoint> stored) {
  const Json& config = stored->config_json();
  const auto found = config.find("quantization_config");
  if (found == config.end() || !found->is_object()) return stored;
  const std::string method = lower_case(*found, "quant_method");
  const std::string version = lower_case(*found, "version");
  std::map<std::string, StoredLinear> linears;
  if (method == "awq" && (version.empty() || version == "gemm")) {
    linears = find_awq_linears(*stored, *found);
  } else if (method == "salient") {
    linears = find_run_linears(*found);
  } else {
    return stored;
  }
  return std::make_unique<QuantizedFolder>(std::move(stored), std::move(linears));
}

}  // namespace salient
