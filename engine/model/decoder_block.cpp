// SPDX-License-Identifier: Apache-2.0
// One block of the decoder, in the stages of a backend. Blocks that normalize first and have gated
// MLPs, as most do, are five stages; the others need some between.

#include "engine/model/decoder.h"

namespace salient {
namespace {

using enum LinearRole;

/// One pass of `tokens` tokens through one block.
class BlockPass {
 public:
  BlockPass(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
            ActivationTap* tap)
      : backend_(backend), shape_(shape), config_(shape.config), block_(block), x_(x), tap_(tap) {}

  void attention(const CachePosition& position, KvLayer& cache);
  void mlp();
  /// Both read what x is at the beginning.
  void parallel(const CachePosition& position, KvLayer& cache);

 private:
  struct Projections {
    Tensor q, k, v;
  };

  Tensor activations(std::int64_t features) const {
    return backend_.allocate(DType::F32, {x_.dim(0), features});
  }
  const Architecture& row() const { return *shape_.architecture; }
  bool reads_norm() const { return row().placement != NormPlacement::After; }
  Norm norm(const Tensor& weight, const Tensor& bias) const {
    return {weight, static_cast<float>(config_.norm_eps), row().norm,
            bias.empty() ? nullptr : &bias};
  }
  Norm attention_norm() const { return norm(block_.attention_norm, block_.attention_norm_bias); }
  Norm mlp_norm() const { return norm(block_.mlp_norm, block_.mlp_norm_bias); }
  void observe(Site site, const Tensor& x) const {
    if (tap_ != nullptr) tap_->observe(site, x);
  }

  Projections make_projections() const;
  /// targets = linear(norm(x)), or of x itself where the norm comes later.
  void project(const Norm& norm, std::span<const LinearTarget> targets, Site site) const;
  void normalize_heads(const Tensor& weight, std::int64_t heads, Tensor& x) const;
  Tensor attend(Projections& projections, const CachePosition& position, KvLayer& cache) const;
  /// x += linear(input), with the norm that a family puts behind it.
  void add_output(LinearRole role, const Tensor& input, const Norm& behind) const;

  Backend& backend_;
  const DecoderShape& shape_;
  const ModelConfig& config_;
  const Block& block_;
  Tensor& x_;
  ActivationTap* tap_;
};

BlockPass::Projections BlockPass::make_projections() const {
  const std::int64_t kv = config_.num_kv_heads * config_.head_dim;
  return {activations(config_.num_heads * config_.head_dim), activations(kv), activations(kv)};
}

void BlockPass::project(const Norm& norm, std::span<const LinearTarget> targets, Site site) const {
  if (!reads_norm()) {
    for (const LinearTarget& target : targets) backend_.linear(target.linear, x_, target.output);
    return observe(site, x_);
  }
  Tensor normed = tap_ != nullptr ? activations(config_.hidden_size) : Tensor();
  backend_.norm_linears(norm, x_, targets, tap_ != nullptr ? &normed : nullptr);
  observe(site, normed);
}

void BlockPass::normalize_heads(const Tensor& weight, std::int64_t heads, Tensor& x) const {
  Tensor rows = x.reshaped({x.dim(0) * heads, config_.head_dim});
  backend_.normalize({weight, static_cast<float>(config_.norm_eps)}, rows, rows);
}

Tensor BlockPass::attend(Projections& projections, const CachePosition& position,
                         KvLayer& cache) const {
  auto& [q, k, v] = projections;
  if (config_.qkv_limit != 0) {
    const auto limit = static_cast<float>(config_.qkv_limit);
    for (Tensor* values : {&q, &k, &v}) backend_.pointwise(Pointwise::Clamp, limit, *values);
  }
  if (!block_.query_norm.empty()) normalize_heads(block_.query_norm, config_.num_heads, q);
  if (!block_.key_norm.empty()) normalize_heads(block_.key_norm, config_.num_kv_heads, k);
  Tensor heads = activations(config_.num_heads * config_.head_dim);
  std::vector<float> kept;
  backend_.attention(shape_.attention(block_.index, cache.keys.dim(1), kept), q, k, v, position,
                     cache, heads);
  observe(Site::AttentionOutput, heads);
  return heads;
}

void BlockPass::add_output(LinearRole role, const Tensor& input, const Norm& behind) const {
  if (row().placement == NormPlacement::Around) {
    Tensor y = activations(config_.hidden_size);
    backend_.linear(block_[role], input, y);
    backend_.normalize(behind, y, y);
    return backend_.add_to(y, x_);
  }
  backend_.linear_residual(block_[role], input, x_);
  if (row().placement == NormPlacement::After) backend_.normalize(behind, x_, x_);
}

void BlockPass::attention(const CachePosition& position, KvLayer& cache) {
  Projections projections = make_projections();
  auto& [q, k, v] = projections;
  const std::array<LinearTarget, 3> targets = {
      LinearTarget{block_[Query], q}, LinearTarget{block_[Key], k}, LinearTarget{block_[Value], v}};
  project(attention_norm(), targets, Site::AttentionInput);
  const Tensor heads = attend(projections, position, cache);
  const bool around = row().placement == NormPlacement::Around;
  add_output(Output, heads, around ? norm(block_.attention_post_norm, {}) : attention_norm());
}

void BlockPass::mlp() {
  Tensor hidden = activations(config_.intermediate_size);
  if (row().has(Gate)) {
    Tensor normed = tap_ != nullptr ? activations(config_.hidden_size) : Tensor();
    backend_.norm_gate_up(mlp_norm(), x_, block_[Gate], block_[Up], config_.activation, hidden,
                          tap_ != nullptr ? &normed : nullptr);
    observe(Site::MlpInput, normed);
  } else {
    const std::array<LinearTarget, 1> targets = {LinearTarget{block_[Up], hidden}};
    project(mlp_norm(), targets, Site::MlpInput);
    backend_.activate(config_.activation, hidden);
  }
  observe(Site::MlpHidden, hidden);
  const bool around = row().placement == NormPlacement::Around;
  add_output(Down, hidden, around ? norm(block_.mlp_post_norm, {}) : mlp_norm());
}

void BlockPass::parallel(const CachePosition& position, KvLayer& cache) {
  Projections projections = make_projections();
  auto& [q, k, v] = projections;
  Tensor hidden = activations(config_.intermediate_size);
  const std::array<LinearTarget, 4> targets = {
      LinearTarget{block_[Query], q}, LinearTarget{block_[Key], k}, LinearTarget{block_[Value], v},
      LinearTarget{block_[Up], hidden}};
  if (block_.mlp_norm.empty()) {
    project(attention_norm(), targets, Site::AttentionInput);
  } else {
    project(attention_norm(), std::span(targets).first(3), Site::AttentionInput);
    project(mlp_norm(), std::span(targets).last(1), Site::MlpInput);
  }
  const Tensor heads = attend(projections, position, cache);
  backend_.linear_residual(block_[Output], heads, x_);
  backend_.activate(config_.activation, hidden);
  observe(Site::MlpHidden, hidden);
  backend_.linear_residual(block_[Down], hidden, x_);
}

}  // namespace

void forward_attention(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                       const CachePosition& position, KvLayer& cache, ActivationTap* tap) {
  BlockPass(backend, shape, block, x, tap).attention(position, cache);
}

void forward_mlp(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                 ActivationTap* tap) {
  BlockPass(backend, shape, block, x, tap).mlp();
}

void forward_block(Backend& backend, const DecoderShape& shape, const Block& block, Tensor& x,
                   const CachePosition& position, KvLayer& cache, ActivationTap* tap) {
  BlockPass pass(backend, shape, block, x, tap);
  if (shape.architecture->residual == Residual::Parallel) return pass.parallel(position, cache);
  pass.attention(position, cache);
  pass.mlp();
}

}  // namespace salient
