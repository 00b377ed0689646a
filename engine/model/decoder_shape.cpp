// SPDX-License-Identifier: Apache-2.0
#include <cmath>

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

/// A bias that is there must be asked for: it would be passed over in silence.
void check_no_bias(TensorCheck& check, const DecoderShape& shape, std::int64_t block) {
  for (const LinearRow& linear : shape.architecture->linears) {
    if (has_bias(shape.config, linear)) continue;
    const std::string name = shape.architecture->linear_name(block, linear.role);
    check.expect_absent(name + ".bias",
                        linear.bias == BiasRule::MlpBias ? "mlp_bias" : "attention_bias");
  }
}

std::string known_architectures() {
  std::string text;
  for (const Architecture* row : architectures()) {
    if (!text.empty()) text += ", ";
    text += row->model_type;
  }
  return text;
}

bool depends_on_capacity(const RopeConfig& rope) {
  return rope.scaling == RopeScaling::Dynamic || rope.scaling == RopeScaling::Long;
}

bool windowed(const ModelConfig& config, std::int64_t layer) {
  return !config.layers.empty() &&
         config.layers.at(static_cast<std::size_t>(layer)) == LayerAttention::Window;
}

std::vector<ExtraStage> extra_stages(const DecoderShape& shape) {
  const ModelConfig& config = shape.config;
  const Architecture& row = *shape.architecture;
  std::vector<ExtraStage> needed;
  const auto need = [&](bool condition, ExtraStage stage) {
    if (condition) needed.push_back(stage);
  };
  need(row.norm == NormKind::Layer, ExtraStage::LayerNorm);
  need(config.activation != Activation::Silu || !row.has(LinearRole::Gate),
       ExtraStage::OtherActivations);
  const bool plain_rotary = config.positions == PositionKind::Rotary && config.rotary_dim == 0 &&
                            config.rope.magnitude == 1 && !config.window_rope;
  const bool plain_scores =
      config.score_scale == 0 && !config.score_scale_by_layer && config.score_cap == 0;
  need(!plain_rotary || !plain_scores || config.window != 0, ExtraStage::OtherAttention);
  need(config.positions == PositionKind::Learned, ExtraStage::LearnedPositions);
  need(row.placement != NormPlacement::Before || !row.query_norm.empty() ||
           row.embedding_scale != EmbeddingScale::None || !row.embedding_norm.empty() ||
           config.qkv_limit != 0 || config.logit_cap != 0,
       ExtraStage::BetweenStages);
  return needed;
}

}  // namespace

AttentionShape DecoderShape::attention(std::int64_t layer, std::int64_t capacity,
                                       std::vector<float>& kept) const {
  AttentionShape shape;
  shape.num_heads = config.num_heads;
  shape.num_kv_heads = config.num_kv_heads;
  shape.head_dim = config.head_dim;
  const bool window = windowed(config, layer);
  const bool own_rope = window && config.window_rope.has_value();
  const RopeConfig& rope = own_rope ? *config.window_rope : config.rope;
  shape.inverse_frequencies = own_rope ? window_frequencies : inverse_frequencies;
  if (depends_on_capacity(rope) && !shape.inverse_frequencies.empty()) {
    kept = salient::inverse_frequencies(config, rope, capacity);
    shape.inverse_frequencies = kept;
  }
  shape.rotary_magnitude = static_cast<float>(rope.magnitude);
  shape.score_scale = static_cast<float>(config.score_scale);
  if (config.score_scale_by_layer) {
    const double plain = 1 / std::sqrt(static_cast<double>(config.head_dim));
    const double scale = config.score_scale != 0 ? config.score_scale : plain;
    shape.score_scale = static_cast<float>(scale / static_cast<double>(layer + 1));
  }
  shape.score_cap = static_cast<float>(config.score_cap);
  shape.window = window ? config.window : 0;
  shape.alibi_slopes = alibi_slopes;
  shape.alibi_form = architecture->alibi_form;
  return shape;
}

bool has_bias(const DecoderShape& shape, LinearRole role) {
  return has_bias(shape.config, shape.architecture->row(role));
}

void require_stages(const Backend& backend, const DecoderShape& shape) {
  for (const ExtraStage stage : extra_stages(shape)) {
    if (backend.offers(stage)) continue;
    throw Error(ErrorKind::Unsupported, std::string(shape.architecture->display_name) + " needs " +
                                            std::string(name_of(stage)) + ", which " +
                                            backend.device().name +
                                            " has no kernels for here; use --device cpu");
  }
}

DecoderShape make_decoder_shape(const ModelConfig& config) {
  DecoderShape shape;
  shape.architecture = find_architecture(config.model_type);
  if (shape.architecture == nullptr) {
    throw Error(ErrorKind::Unsupported, "model type " + config.model_type +
                                            " is not supported; known are " +
                                            known_architectures());
  }
  shape.config = config;
  if (config.positions == PositionKind::Alibi) {
    shape.alibi_slopes = alibi_slopes(config, shape.architecture->alibi_slopes);
  }
  if (config.positions != PositionKind::Rotary) return shape;
  const std::int64_t rotary = config.rotary_dim != 0 ? config.rotary_dim : config.head_dim;
  if (rotary % 2 != 0) {
    throw Error(ErrorKind::BadInput, "head_dim is " + std::to_string(rotary) +
                                         ", and rotary positions need an even one");
  }
  shape.inverse_frequencies = inverse_frequencies(config, config.rope, 0);
  if (config.window_rope) {
    shape.window_frequencies = inverse_frequencies(config, *config.window_rope, 0);
  }
  return shape;
}

DecoderShape make_decoder_shape(const Checkpoint& checkpoint) {
  DecoderShape shape = make_decoder_shape(checkpoint.config());
  TensorCheck check(checkpoint);
  for (const ExpectedTensor& tensor : expected_tensors(shape.config)) {
    check.expect(tensor.name, tensor.shape);
    if (check.full()) break;
  }
  for (std::int64_t block = 0; block < shape.config.num_layers && !check.full(); ++block) {
    check_no_bias(check, shape, block);
  }
  check.finish();
  return shape;
}

}  // namespace salient
