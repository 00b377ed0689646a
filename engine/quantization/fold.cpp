// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/fold.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace salient {
namespace {

const DenseLinear& dense(const Block& block, LinearRole role) {
  const auto* linear = std::get_if<DenseLinear>(&block[role]);
  if (linear == nullptr) throw std::logic_error("only a dense block can be quantized");
  return *linear;
}

/// The linear that a producer is, if it is one.
std::optional<LinearRole> role_of(Producer producer) {
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

/// The scales that the rows of `role` are divided by.
std::vector<float> row_divisors_of(const DecoderShape& shape, LinearRole role,
                                   const BlockScales& scales) {
  for (const ScaleGroupRow& group : shape.architecture->scale_groups) {
    if (role_of(group.producer) == role) return producer_scales(group, scales, shape.config);
  }
  return {};
}

void multiply_columns(Tensor& weight, std::span<const float> scales) {
  const auto values = weight.as<float>();
  for (std::size_t row = 0; row < values.size(); row += scales.size()) {
    for (std::size_t j = 0; j < scales.size(); ++j) values[row + j] *= scales[j];
  }
}

void divide_rows(Tensor& weight, std::span<const float> divisors) {
  const auto values = weight.as<float>();
  const std::size_t columns = values.size() / divisors.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= divisors[i / columns];
}

void raise_row_peaks(std::span<const float> values, std::span<float> peaks) {
  const std::size_t columns = values.size() / peaks.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& peak = peaks[i / columns];
    peak = std::max(peak, std::abs(values[i]));
  }
}

}  // namespace

Tensor dense_weight(const Block& block, LinearRole role) {
  return dense(block, role).weight.to(DType::F32);
}

std::vector<float> producer_scales(const ScaleGroupRow& group, const BlockScales& scales,
                                   const ModelConfig& config) {
  const std::vector<float>& consumed = scales[index_of(group.input)];
  // The scales of the heads that share a KV head are equal, so their maximum is each of them.
  if (group.producer == Producer::Value && !consumed.empty()) {
    return reduce_to_kv_heads(consumed, config);
  }
  return consumed;
}

std::vector<float> producer_peak(const Block& block, Producer producer) {
  const std::optional<LinearRole> role = role_of(producer);
  if (!role) {
    const Tensor& norm =
        producer == Producer::AttentionNorm ? block.attention_norm : block.mlp_norm;
    std::vector<float> peaks(norm.as<float>().size(), 0.0F);
    raise_row_peaks(norm.as<float>(), peaks);
    return peaks;
  }
  const Tensor weight = dense_weight(block, *role);
  std::vector<float> peaks(static_cast<std::size_t>(weight.dim(0)), 0.0F);
  raise_row_peaks(weight.as<float>(), peaks);
  const Tensor& bias = dense(block, *role).bias;
  if (!bias.empty()) raise_row_peaks(bias.as<float>(), peaks);
  return peaks;
}

FoldedLinear fold_linear(const DecoderShape& shape, const Block& block, LinearRole role,
                         const BlockScales& scales) {
  FoldedLinear folded;
  folded.column_scales = scales[index_of(shape.architecture->row(role).input)];
  folded.row_divisors = row_divisors_of(shape, role, scales);
  folded.weight = dense_weight(block, role);
  folded.bias = dense(block, role).bias;
  if (folded.column_scales.empty() && folded.row_divisors.empty()) return folded;
  folded.weight = folded.weight.clone();
  if (!folded.column_scales.empty()) multiply_columns(folded.weight, folded.column_scales);
  if (folded.row_divisors.empty()) return folded;
  divide_rows(folded.weight, folded.row_divisors);
  if (folded.bias.empty()) return folded;
  folded.bias = folded.bias.clone();
  divide_rows(folded.bias, folded.row_divisors);
  return folded;
}

Tensor fold_norm(const Tensor& norm, std::span<const float> scales) {
  Tensor folded = norm.clone();
  if (!scales.empty()) divide_rows(folded, scales);
  return folded;
}

Tensor fold_gram(const Tensor& gram, std::span<const float> scales) {
  Tensor folded = gram.clone();
  const auto values = folded.as<float>();
  const std::size_t n = scales.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) values[i * n + j] /= scales[i] * scales[j];
  }
  return folded;
}

Block fold_block(const DecoderShape& shape, const Block& block, const BlockScales& scales) {
  Block folded;
  folded.attention_norm = fold_norm(block.attention_norm, scales[index_of(Site::AttentionInput)]);
  folded.mlp_norm = fold_norm(block.mlp_norm, scales[index_of(Site::MlpInput)]);
  for (const LinearRole role : kLinearRoles) {
    FoldedLinear linear = fold_linear(shape, block, role, scales);
    folded[role] = DenseLinear{std::move(linear.weight), std::move(linear.bias)};
  }
  return folded;
}

}  // namespace salient
