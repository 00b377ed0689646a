// SPDX-License-Identifier: Apache-2.0
#include "engine/export/folded_weights.h"

#include <algorithm>

#include "engine/quantization/fold.h"

namespace salient {
namespace {

BlockScales scales_of(const DecoderShape& shape, const QuantizedBlock& block) {
  BlockScales scales;
  for (const QuantizedBlock::Entry& entry : block.linears) {
    std::vector<float>& at = scales[index_of(shape.architecture->row(entry.id.role).input)];
    if (at.empty()) at = entry.channel_scales;
  }
  return scales;
}

/// Clamps every group to its threshold. `clip` [out_features, num_groups] is in units of W·diag(s),
/// before the rows of a producer are divided.
void clamp_groups(FoldedLinear& linear, const Tensor& clip, const QuantScheme& scheme) {
  const auto values = linear.weight.as<float>();
  const auto limits = clip.as<float>();
  const auto columns = static_cast<std::size_t>(linear.weight.dim(1));
  const auto group = static_cast<std::size_t>(scheme.group_of(linear.weight.dim(1)));
  const std::size_t groups = (columns + group - 1) / group;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t row = i / columns;
    const float divisor = linear.folds.row_divisors.empty() ? 1.0F : linear.folds.row_divisors[row];
    const float limit = limits[row * groups + i % columns / group] / divisor;
    values[i] = std::clamp(values[i], -limit, limit);
  }
}

}  // namespace

FoldedWeights::FoldedWeights(const Checkpoint& source, const BlockSource& blocks)
    : source_(source), blocks_(blocks), shape_(make_decoder_shape(source.config())) {}

QuantizedBlock FoldedWeights::block(std::int64_t index) const {
  QuantizedBlock block = blocks_.block(index);
  const Block dense = load_block(source_, shape_, index, DType::F32);
  const BlockScales scales = scales_of(shape_, block);
  for (QuantizedBlock::Entry& entry : block.linears) {
    FoldedLinear folded = fold_linear(shape_, dense, entry.id.role, scales);
    if (!entry.clip.empty() && entry.codes) clamp_groups(folded, entry.clip, entry.codes->scheme);
    entry.dense = folded.weight;
    entry.codes.reset();
  }
  return block;
}

}  // namespace salient
