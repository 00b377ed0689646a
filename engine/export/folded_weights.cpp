// SPDX-License-Identifier: Apache-2.0
#include "engine/export/folded_weights.h"

#include <algorithm>
#include <array>

namespace salient {
namespace {

using Entry = QuantizedBlock::Entry;
using EntryByRole = std::array<Entry*, kLinearRoles.size()>;

void multiply_columns(Tensor& weight, std::span<const float> scales) {
  const auto values = weight.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= scales[i % scales.size()];
}

void divide_rows(Tensor& weight, std::span<const float> scales) {
  const auto values = weight.as<float>();
  const std::size_t columns = values.size() / scales.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= scales[i / columns];
}

/// Clamps every group to its threshold; clip [out_features, num_groups].
void clamp_groups(Tensor& weight, const Tensor& clip, const QuantScheme& scheme) {
  const auto values = weight.as<float>();
  const auto limits = clip.as<float>();
  const auto columns = static_cast<std::size_t>(weight.dim(1));
  const auto group = static_cast<std::size_t>(scheme.group_of(weight.dim(1)));
  const std::size_t groups = (columns + group - 1) / group;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float limit = limits[i / columns * groups + i % columns / group];
    values[i] = std::clamp(values[i], -limit, limit);
  }
}

/// What the rows of the producer are divided by, given the scales of its consumers' columns.
std::vector<float> producer_scales(Producer producer, std::span<const float> consumer_scales,
                                   const ModelConfig& config) {
  if (producer == Producer::Value) return reduce_to_kv_heads(consumer_scales, config);
  return {consumer_scales.begin(), consumer_scales.end()};
}

std::optional<LinearRole> row_producer(Producer producer) {
  switch (producer) {
    case Producer::Value:
      return LinearRole::Value;
    case Producer::Up:
      return LinearRole::Up;
    case Producer::AttentionNorm:
    case Producer::MlpNorm:
      break;
  }
  return std::nullopt;
}

void fold_producers(const DecoderShape& shape, const EntryByRole& entries) {
  for (const ScaleGroupRow& group : shape.architecture->scale_groups) {
    const auto role = row_producer(group.producer);
    const Entry* consumer = entries[index_of(group.consumers.front())];
    if (!role || consumer->channel_scales.empty()) continue;
    divide_rows(entries[index_of(*role)]->dense,
                producer_scales(group.producer, consumer->channel_scales, shape.config));
  }
}

}  // namespace

FoldedWeights::FoldedWeights(const Checkpoint& source, const BlockSource& blocks)
    : source_(source), blocks_(blocks), shape_(make_decoder_shape(source.config())) {}

QuantizedBlock FoldedWeights::block(std::int64_t index) const {
  QuantizedBlock block = blocks_.block(index);
  EntryByRole entries{};
  for (Entry& entry : block.linears) {
    entries[index_of(entry.id.role)] = &entry;
    const std::string name = shape_.architecture->linear_name(index, entry.id.role);
    entry.dense = source_.read(name + ".weight", DType::F32).clone();
    if (!entry.channel_scales.empty()) multiply_columns(entry.dense, entry.channel_scales);
  }
  fold_producers(shape_, entries);
  for (Entry& entry : block.linears) {
    if (!entry.clip.empty() && entry.codes) {
      clamp_groups(entry.dense, entry.clip, entry.codes->scheme);
    }
    entry.codes.reset();
  }
  return block;
}

}  // namespace salient
