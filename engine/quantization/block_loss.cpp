// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/block_loss.h"

#include <algorithm>
#include <stdexcept>

namespace salient {
namespace {

double squared_distance(const Tensor& a, const Tensor& b) {
  const auto left = a.as<float>(), right = b.as<float>();
  double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const double difference = static_cast<double>(left[i]) - static_cast<double>(right[i]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

BlockLoss::BlockLoss(Backend& backend, const DecoderShape& shape, const Block& block,
                     const ActivationStats& stats, const ScaleGroupRow& group,
                     const SearchProblem& problem)
    : backend_(backend), shape_(shape), block_(block), problem_(problem), site_(group.input) {
  if (stats.kept_inputs.empty()) {
    throw std::logic_error("the loss at the block's output needs kept windows");
  }
  std::int64_t longest = 0;
  for (const Tensor& x : stats.kept_inputs) {
    longest = std::max(longest, x.dim(0));
    tokens_ += x.dim(0);
  }
  cache_ = make_kv_layer(shape, longest);
  for (const Tensor& x : stats.kept_inputs) {
    Tensor input = x.clone();
    if (site_ == Site::MlpInput) forward_attention(backend, shape, block, input, 0, cache_);
    outputs_.push_back(run(block, input));
    inputs_.push_back(std::move(input));
  }
}

GroupLoss BlockLoss::as_group_loss() {
  GroupLoss group_loss;
  group_loss.loss = [this](std::span<const float> scales) { return loss(scales); };
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    group_loss.signal += squared_distance(inputs_[i], outputs_[i]) / static_cast<double>(tokens_);
  }
  return group_loss;
}

double BlockLoss::loss(std::span<const float> channel_scales) {
  const Block rounded = rounded_block(channel_scales);
  double sum = 0;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    sum += squared_distance(run(rounded, inputs_[i]), outputs_[i]);
  }
  return sum / static_cast<double>(tokens_);
}

Block BlockLoss::rounded_block(std::span<const float> channel_scales) const {
  Block rounded = block_;
  for (const SearchProblem::Consumer& consumer : problem_.consumers) {
    if (consumer.settings.keep_fp16) continue;
    auto& linear = std::get<DenseLinear>(rounded[consumer.id.role]);
    Tensor weight(DType::F32, consumer.weight->shape());
    backend_.rounding_error({*consumer.weight, channel_scales, nullptr, consumer.settings.scheme},
                            weight);
    const auto values = weight.as<float>();
    const auto original = consumer.weight->as<float>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += original[i];
    linear.weight = std::move(weight);
  }
  return rounded;
}

Tensor BlockLoss::run(const Block& block, const Tensor& x) {
  Tensor y = x.clone();
  if (site_ == Site::AttentionInput) {
    forward_attention(backend_, shape_, block, y, 0, cache_);
  } else {
    forward_mlp(backend_, shape_, block, y);
  }
  return y;
}

}  // namespace salient
