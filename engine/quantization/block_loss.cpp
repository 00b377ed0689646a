// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/block_loss.h"

#include <algorithm>
#include <stdexcept>

namespace salient {

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
  cache_ = make_kv_layer(backend, shape, longest);
  start_ = backend.allocate_zeros(DType::I32, {1});
  for (const Tensor& x : stats.kept_inputs) {
    Tensor input = backend.copy(x);
    if (site_ == Site::MlpInput && !parallel()) {
      forward_attention(backend, shape, block, input, {start_, input.dim(0)}, cache_);
    }
    outputs_.push_back(run(block, input));
    inputs_.push_back(std::move(input));
  }
}

GroupLoss BlockLoss::as_group_loss() {
  GroupLoss group_loss;
  group_loss.loss = [this](std::span<const float> scales) { return loss(scales); };
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    group_loss.signal +=
        backend_.squared_distance(inputs_[i], outputs_[i]) / static_cast<double>(tokens_);
  }
  return group_loss;
}

double BlockLoss::loss(std::span<const float> channel_scales) {
  const Block rounded = rounded_block(channel_scales);
  double sum = 0;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    sum += backend_.squared_distance(run(rounded, inputs_[i]), outputs_[i]);
  }
  return sum / static_cast<double>(tokens_);
}

Block BlockLoss::rounded_block(std::span<const float> channel_scales) const {
  Block rounded = block_;
  for (const SearchProblem::Consumer& consumer : problem_.consumers) {
    if (consumer.settings.keep_fp16) continue;
    auto& linear = std::get<DenseLinear>(rounded[consumer.id.role]);
    Tensor error = backend_.allocate(DType::F32, consumer.weight->shape());
    backend_.rounding_error({*consumer.weight, channel_scales, nullptr, consumer.settings.scheme},
                            error);
    linear.weight = backend_.add(error, *consumer.weight);
  }
  return rounded;
}

Tensor BlockLoss::run(const Block& block, const Tensor& x) {
  Tensor y = backend_.copy(x);
  if (parallel()) {
    forward_block(backend_, shape_, block, y, {start_, y.dim(0)}, cache_);
  } else if (site_ == Site::AttentionInput) {
    forward_attention(backend_, shape_, block, y, {start_, y.dim(0)}, cache_);
  } else {
    forward_mlp(backend_, shape_, block, y);
  }
  return y;
}

}  // namespace salient
