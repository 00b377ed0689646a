// SPDX-License-Identifier: Apache-2.0
#include "engine/model/synthetic_checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/config_reader.h"
#include "engine/error.h"
#include "engine/model/decoder.h"
#include "kernels/half.h"

namespace salient {
namespace {

constexpr float kLoudNorm = 12.0F;
/// One channel of so many is loud.
constexpr std::int64_t kLoudEvery = 128;
constexpr float kSpread = 0.5F;
/// Numbers drawn for a table.
constexpr std::uint64_t kTable = std::uint64_t{1} << 20U;

std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

std::uint64_t hash_of(std::string_view name, std::uint64_t seed) {
  std::uint64_t hash = 0xCBF29CE484222325U ^ seed;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return mixed(hash);
}

/// Near normal with deviation 1: the sum of the eight bytes of one hash.
float near_normal(std::uint64_t bits) {
  constexpr std::uint64_t kPairs = 0x00FF00FF00FF00FFU;
  const std::uint64_t sums = (bits & kPairs) + ((bits >> 8U) & kPairs);
  const std::uint64_t total = (sums * 0x0001000100010001U) >> 48U;
  constexpr float kMean = 8 * 127.5F;
  constexpr float kDeviation = 209.0F;  // sqrt(8 · (256² − 1) / 12)
  return (static_cast<float>(total) - kMean) / kDeviation;
}

class SyntheticCheckpoint final : public Checkpoint {
 public:
  SyntheticCheckpoint(const std::filesystem::path& path, std::uint64_t seed,
                      std::int64_t num_layers)
      : seed_(seed) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(ErrorKind::BadInput, path.string() + " cannot be read");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    json_ = parse_json(text, path.string());
    if (num_layers > 0) keep_layers(num_layers);
    config_ = parse_config(json_, path.string(), warnings_);
    config_.name = path.stem().string() + " (random weights)";
    add_tensors();
  }

  SourceFormat format() const override { return SourceFormat::HuggingFaceFolder; }
  const ModelConfig& config() const override { return config_; }
  const nlohmann::ordered_json& config_json() const override { return json_; }
  const std::vector<SourceFile>& files() const override { return files_; }
  const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  const TokenizerSource& tokenizer_source() const override { return tokenizer_; }
  std::vector<std::filesystem::path> companion_files() const override { return {}; }
  const std::vector<std::string>& warnings() const override { return warnings_; }
  std::string precision() const override { return "FP16"; }
  std::string already_quantized() const override { return {}; }

  Tensor read(std::string_view name, DType as) const override {
    const TensorInfo* info = find(name);
    if (info == nullptr) {
      throw Error(ErrorKind::BadInput, std::string(name) + " is not a tensor of this config");
    }
    Tensor tensor(as, info->shape);
    if (info->shape.size() == 1) {
      fill_vector(name, tensor);
    } else {
      fill_matrix(name, tensor);
    }
    return tensor;
  }
  std::optional<QuantizedMatrix> read_codes(std::string_view /*name*/) const override { return {}; }

 private:
  void add(const std::string& name, Shape shape) {
    const auto bytes = static_cast<std::uint64_t>(element_count(shape)) * 2;
    tensors_.push_back({name, "F16", std::move(shape), bytes, 0, 0});
  }

  /// Families name the count of blocks differently; what is told by block is cut with it.
  void keep_layers(std::int64_t count) {
    for (const char* key : {"num_hidden_layers", "n_layer", "n_layers", "num_layers"}) {
      if (json_.contains(key)) json_[key] = count;
    }
    if (!json_.contains("layer_types") || !json_["layer_types"].is_array()) return;
    auto& types = json_["layer_types"].get_ref<nlohmann::ordered_json::array_t&>();
    types.resize(std::min(types.size(), static_cast<std::size_t>(count)));
  }

  void add_tensors() {
    for (const ExpectedTensor& tensor : expected_tensors(config_)) add(tensor.name, tensor.shape);
    std::ranges::sort(tensors_, {}, &TensorInfo::name);
  }

  /// The one of a stretch of `kLoudEvery` channels that is loud.
  static std::int64_t loud_channel(std::int64_t stretch, std::int64_t channels,
                                   std::uint64_t base) {
    const std::int64_t first = stretch * kLoudEvery;
    const auto width = static_cast<std::uint64_t>(std::min(kLoudEvery, channels - first));
    const std::uint64_t place = mixed(base + static_cast<std::uint64_t>(stretch)) % width;
    return first + static_cast<std::int64_t>(place);
  }

  /// Norm weights are loud in a few channels, biases are zero.
  void fill_vector(std::string_view name, Tensor& tensor) const {
    const bool bias = name.ends_with(".bias");
    const std::uint64_t base = hash_of("loud", seed_);
    for (std::int64_t i = 0; i < tensor.size(); ++i) {
      const bool loud = i == loud_channel(i / kLoudEvery, tensor.size(), base);
      const float value = bias ? 0.0F : loud ? kLoudNorm : 1.0F;
      set(tensor, i, value);
    }
  }

  /// Rows are stretches of one long table, each from a place of its own: drawing every number anew
  /// would take minutes for billions of them.
  void fill_matrix(std::string_view name, Tensor& tensor) const {
    const Tensor& table = table_for(tensor.dtype(), tensor.dim(1));
    const std::uint64_t hash = hash_of(name, seed_);
    const std::size_t width = size_of(tensor.dtype());
    const std::size_t row_bytes = static_cast<std::size_t>(tensor.dim(1)) * width;
    for (std::int64_t row = 0; row < tensor.dim(0); ++row) {
      const std::uint64_t place = mixed(hash + static_cast<std::uint64_t>(row)) % kTable;
      std::memcpy(tensor.data() + static_cast<std::size_t>(row) * row_bytes,
                  table.data() + place * width, row_bytes);
    }
  }

  const Tensor& table_for(DType dtype, std::int64_t in_features) const {
    // Another thread may read the next block; what is made stays where it is.
    const std::scoped_lock lock(mutex_);
    Tensor& table = tables_[{dtype, in_features}];
    if (!table.empty()) return table;
    table = Tensor(dtype, {static_cast<std::int64_t>(kTable) + in_features});
    const float deviation = kSpread / std::sqrt(static_cast<float>(in_features));
    for (std::int64_t i = 0; i < table.size(); ++i) {
      const auto step = static_cast<std::uint64_t>(i + 1) * 0x9E3779B97F4A7C15U;
      set(table, i, deviation * near_normal(mixed(seed_ + step)));
    }
    return table;
  }

  static void set(Tensor& tensor, std::int64_t i, float value) {
    const auto place = static_cast<std::size_t>(i);
    if (tensor.dtype() == DType::F32) {
      reinterpret_cast<float*>(tensor.data())[place] = value;
    } else {
      reinterpret_cast<std::uint16_t*>(tensor.data())[place] =
          tensor.dtype() == DType::F16 ? f32_to_f16(value) : f32_to_bf16(value);
    }
  }

  std::uint64_t seed_;
  ModelConfig config_;
  nlohmann::ordered_json json_;
  std::vector<SourceFile> files_;
  std::vector<TensorInfo> tensors_;
  TokenizerSource tokenizer_;
  std::vector<std::string> warnings_;
  mutable std::mutex mutex_;                                         ///< of `tables_`
  mutable std::map<std::pair<DType, std::int64_t>, Tensor> tables_;  ///< made on first use
};

}  // namespace

std::unique_ptr<Checkpoint> make_synthetic_checkpoint(const std::filesystem::path& config,
                                                      std::uint64_t seed, std::int64_t num_layers) {
  return std::make_unique<SyntheticCheckpoint>(config, seed, num_layers);
}

}  // namespace salient
