// SPDX-License-Identifier: Apache-2.0
#pragma once

// Folding: consumers' columns times s, what the producer gives divided by s, the block's function
// unchanged. Every fold works on copies; the block itself is never edited.

#include <array>
#include <span>
#include <vector>

#include "engine/quantization/quantization.h"

namespace salient {

/// The channel scales of a whole block, by the input they apply to; empty where nothing is folded.
using BlockScales = std::array<std::vector<float>, kSites.size()>;

/// 1/s of the producer of `group` in its own channels: the scales of the group's input, one per KV
/// head channel where the producer is v. Empty when nothing is folded.
std::vector<float> producer_scales(const ScaleGroupRow& group, const BlockScales& scales,
                                   const ModelConfig& config);

/// The largest |value| per channel of what a group's 1/s multiplies.
std::vector<float> producer_peak(const Block& block, Producer producer);

/// A linear with every fold that touches it.
struct FoldedLinear {
  Tensor weight;  ///< [out_features, in_features] F32
  Tensor bias;    ///< [out_features] F32, or empty
  std::vector<float>
      column_scales;                ///< [in_features] what the columns were multiplied by, or empty
  std::vector<float> row_divisors;  ///< [out_features] what the rows were divided by, or empty
};
FoldedLinear fold_linear(const DecoderShape& shape, const Block& block, LinearRole role,
                         const BlockScales& scales);

/// norm / s, [hidden] F32.
Tensor fold_norm(const Tensor& norm, std::span<const float> scales);

/// D⁻¹ G D⁻¹: the Gram matrix of the folded input, lower triangle.
Tensor fold_gram(const Tensor& gram, std::span<const float> scales);

/// The block as folded, unquantized; for the loss at its outputs and for proofs.
Block fold_block(const DecoderShape& shape, const Block& block, const BlockScales& scales);

/// The linear's weight as float32.
Tensor dense_weight(const Block& block, LinearRole role);

}  // namespace salient
