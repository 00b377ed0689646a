// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/fold.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine/backend/host_folding.h"

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
    case Producer::None:
      break;
  }
  return std::nullopt;
}

/// The scales that the rows of `role` are divided by.
std::vector<float> row_divisors_of(const DecoderShape& shape, LinearRole role,
                                   const BlockScales& scales) {
  for (const ScaleGroupRow& group : shape.architecture->scale_groups) {
    if (role_of(producer_of(shape.config, group)) != role) continue;
    return producer_scales(group, scales, shape.config);
  }
  return {};
}

/// Every value of the vector by its own divisor; the handle itself where there is nothing to do.
Tensor divided(const Tensor& values, std::span<const float> divisors) {
  if (values.empty() || divisors.empty()) return values;
  Tensor quotient = values.clone();
  for (std::size_t i = 0; i < divisors.size(); ++i) quotient.as<float>()[i] /= divisors[i];
  return quotient;
}

void raise_row_peaks(std::span<const float> values, std::span<float> peaks) {
  const std::size_t columns = values.size() / peaks.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    float& peak = peaks[i / columns];
    peak = std::max(peak, std::abs(values[i]));
  }
}

}  // namespace

std::vector<float> producer_scales(const ScaleGroupRow& group, const BlockScales& scales,
                                   const ModelConfig& config) {
  const std::vector<float>& consumed = scales[index_of(group.input)];
  // The scales of the heads that share a KV head are equal, so their maximum is each of them.
  if (group.producer == Producer::Value && !consumed.empty()) {
    return reduce_to_kv_heads(consumed, config);
  }
  return consumed;
}

std::vector<float> producer_peak(Backend& backend, const Block& block, Producer producer) {
  const std::optional<LinearRole> role = role_of(producer);
  if (producer == Producer::None) return {};
  if (!role) {
    const bool attention = producer == Producer::AttentionNorm;
    const Tensor norm = backend.download(attention ? block.attention_norm : block.mlp_norm);
    std::vector<float> peaks(norm.as<float>().size(), 0.0F);
    raise_row_peaks(norm.as<float>(), peaks);
    const Tensor bias =
        backend.download(attention ? block.attention_norm_bias : block.mlp_norm_bias);
    if (!bias.empty()) raise_row_peaks(bias.as<float>(), peaks);
    return peaks;
  }
  const QuantScheme rows{.bits = 4, .group_size = QuantScheme::kWholeRow};
  const Tensor row_peaks = backend.download(backend.group_peaks(dense(block, *role).weight, rows));
  std::vector<float> peaks(row_peaks.as<float>().begin(), row_peaks.as<float>().end());
  const Tensor bias = backend.download(dense(block, *role).bias);
  if (!bias.empty()) raise_row_peaks(bias.as<float>(), peaks);
  return peaks;
}

Folds folds_of(const DecoderShape& shape, LinearRole role, const BlockScales& scales) {
  return {scales[index_of(shape.architecture->row(role).input)],
          row_divisors_of(shape, role, scales)};
}

FoldedLinear fold_linear(Backend& backend, const DecoderShape& shape, const Block& block,
                         LinearRole role, const BlockScales& scales) {
  const DenseLinear& linear = dense(block, role);
  FoldedLinear folded{linear.weight, backend.download(linear.bias), folds_of(shape, role, scales)};
  const Folds& folds = folded.folds;
  if (folds.column_scales.empty() && folds.row_divisors.empty()) return folded;
  folded.weight = backend.fold(linear.weight, folds.column_scales, folds.row_divisors);
  folded.bias = divided(folded.bias, folds.row_divisors);
  return folded;
}

FoldedLinear fold_linear(const DecoderShape& shape, const Block& block, LinearRole role,
                         const BlockScales& scales) {
  const DenseLinear& linear = dense(block, role);
  FoldedLinear folded{linear.weight.to(DType::F32), linear.bias, folds_of(shape, role, scales)};
  const Folds& folds = folded.folds;
  folded.weight = fold_on_host(folded.weight, folds.column_scales, folds.row_divisors);
  folded.bias = divided(folded.bias, folds.row_divisors);
  return folded;
}

Tensor fold_norm(Backend& backend, const Tensor& norm, std::span<const float> scales) {
  if (norm.empty()) return {};
  const Tensor values = backend.download(norm);
  return scales.empty() ? values.clone() : divided(values, scales);
}

Block fold_block(Backend& backend, const DecoderShape& shape, const Block& block,
                 const BlockScales& scales) {
  Block folded = block;
  const std::span<const float> attention = scales[index_of(Site::AttentionInput)];
  const std::span<const float> mlp = scales[index_of(Site::MlpInput)];
  for (Tensor* norm : {&folded.attention_norm, &folded.attention_norm_bias}) {
    *norm = backend.upload(fold_norm(backend, *norm, attention));
  }
  for (Tensor* norm : {&folded.mlp_norm, &folded.mlp_norm_bias}) {
    *norm = backend.upload(fold_norm(backend, *norm, mlp));
  }
  for (const LinearRow& row : shape.architecture->linears) {
    FoldedLinear linear = fold_linear(backend, shape, block, row.role, scales);
    folded[row.role] = DenseLinear{std::move(linear.weight), backend.upload(linear.bias)};
  }
  return folded;
}

}  // namespace salient
