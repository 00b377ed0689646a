// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numbers>

#include "engine/error.h"
#include "engine/model/decoder.h"

namespace salient {
namespace {

/// What an error lists before it says "and more".
constexpr std::size_t kListedProblems = 24;

/// Collects what is wrong with the tensors of a checkpoint.
class TensorCheck {
 public:
  explicit TensorCheck(const Checkpoint& checkpoint) : checkpoint_(checkpoint) {}

  void expect(const std::string& name, const Shape& shape) {
    const TensorInfo* info = checkpoint_.find(name);
    if (info == nullptr) {
      add(name + " is missing");
    } else if (info->shape != shape) {
      add(name + " is " + to_string(info->shape) + " where the config asks for " +
          to_string(shape));
    }
  }
  void expect_absent(const std::string& name, const std::string& key) {
    if (checkpoint_.has(name)) add(name + " is there although the config has no " + key);
  }
  bool full() const { return problems_ > kListedProblems; }

  void finish() const {
    if (problems_ == 0) return;
    throw Error(ErrorKind::BadInput,
                "the tensors do not fit the config: " + text_ + (full() ? ", and more" : ""));
  }

 private:
  void add(const std::string& problem) {
    ++problems_;
    if (full()) return;
    if (!text_.empty()) text_ += "; ";
    text_ += problem;
  }

  const Checkpoint& checkpoint_;
  std::string text_;
  std::size_t problems_ = 0;
};

void check_block(TensorCheck& check, const DecoderShape& shape, std::int64_t block) {
  const Architecture& row = *shape.architecture;
  check.expect(row.block_tensor(block, row.attention_norm), {shape.config.hidden_size});
  check.expect(row.block_tensor(block, row.mlp_norm), {shape.config.hidden_size});
  for (const LinearRow& linear : row.linears) {
    const std::string name = row.linear_name(block, linear.role);
    const Shape expected = linear_shape(shape.config, linear.role);
    check.expect(name + ".weight", expected);
    if (has_bias(shape, linear.role)) {
      check.expect(name + ".bias", {expected[0]});
    } else {
      check.expect_absent(name + ".bias",
                          linear.bias == BiasRule::AttentionBias ? "attention_bias" : "mlp_bias");
    }
  }
}

std::string known_architectures() {
  std::string text;
  for (const Architecture& row : architectures()) {
    if (!text.empty()) text += ", ";
    text += row.model_type;
  }
  return text;
}

/// Meta's scaling of Llama 3.1: long wavelengths are divided by `factor`, short ones kept, and
/// those between blended.
double llama3_frequency(double frequency, const RopeConfig& rope) {
  const double context = static_cast<double>(rope.original_max_positions);
  const double wavelength = 2 * std::numbers::pi / frequency;
  if (wavelength < context / rope.high_frequency_factor) return frequency;
  if (wavelength > context / rope.low_frequency_factor) return frequency / rope.factor;
  const double blend = (context / wavelength - rope.low_frequency_factor) /
                       (rope.high_frequency_factor - rope.low_frequency_factor);
  return (1 - blend) * frequency / rope.factor + blend * frequency;
}

double scaled_frequency(double frequency, const RopeConfig& rope) {
  switch (rope.scaling) {
    case RopeScaling::None:
      return frequency;
    case RopeScaling::LinearPositions:
      return frequency / rope.factor;
    case RopeScaling::Llama3:
      return llama3_frequency(frequency, rope);
  }
  return frequency;
}

}  // namespace

std::vector<float> inverse_frequencies(const ModelConfig& config) {
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < config.head_dim / 2; ++i) {
    const double exponent = 2 * static_cast<double>(i) / static_cast<double>(config.head_dim);
    const double frequency = std::pow(config.rope.theta, -exponent);
    frequencies.push_back(static_cast<float>(scaled_frequency(frequency, config.rope)));
  }
  return frequencies;
}

AttentionShape DecoderShape::attention() const {
  return {config.num_heads, config.num_kv_heads, config.head_dim, inverse_frequencies};
}

Shape linear_shape(const ModelConfig& config, LinearRole role) {
  const std::int64_t hidden = config.hidden_size;
  const std::int64_t intermediate = config.intermediate_size;
  switch (role) {
    case LinearRole::Query:
      return {config.num_heads * config.head_dim, hidden};
    case LinearRole::Key:
    case LinearRole::Value:
      return {config.num_kv_heads * config.head_dim, hidden};
    case LinearRole::Output:
      return {hidden, config.num_heads * config.head_dim};
    case LinearRole::Gate:
    case LinearRole::Up:
      return {intermediate, hidden};
    case LinearRole::Down:
      return {hidden, intermediate};
  }
  return {};
}

bool has_bias(const DecoderShape& shape, LinearRole role) {
  switch (shape.architecture->row(role).bias) {
    case BiasRule::AttentionBias:
      return shape.config.attention_bias;
    case BiasRule::MlpBias:
      return shape.config.mlp_bias;
  }
  return false;
}

DecoderShape make_decoder_shape(const ModelConfig& config) {
  DecoderShape shape;
  shape.architecture = find_architecture(config.model_type);
  if (shape.architecture == nullptr) {
    throw Error(ErrorKind::Unsupported, "model type " + config.model_type +
                                            " is not supported; known are " +
                                            known_architectures());
  }
  if (config.head_dim % 2 != 0) {
    throw Error(ErrorKind::BadInput, "head_dim is " + std::to_string(config.head_dim) +
                                         ", and rotary positions need an even one");
  }
  shape.config = config;
  shape.inverse_frequencies = inverse_frequencies(config);
  return shape;
}

DecoderShape make_decoder_shape(const Checkpoint& checkpoint) {
  DecoderShape shape = make_decoder_shape(checkpoint.config());
  const ModelConfig& config = shape.config;
  TensorCheck check(checkpoint);
  const Shape table = {config.vocab_size, config.hidden_size};
  check.expect(std::string(shape.architecture->embedding), table);
  check.expect(std::string(shape.architecture->final_norm), {config.hidden_size});
  if (!config.tied_head) check.expect(std::string(shape.architecture->head), table);
  for (std::int64_t block = 0; block < config.num_layers && !check.full(); ++block) {
    check_block(check, shape, block);
  }
  check.finish();
  return shape;
}

}  // namespace salient
