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
std::vector<float> producer_peak(Backend& backend, const Block& block, Producer producer);

/// What folding does to one linear's weight.
struct Folds {
  std::vector<float> column_scales;  ///< [in_features] the columns are multiplied by, or empty
  std::vector<float> row_divisors;   ///< [out_features] the rows are divided by, or empty
};
Folds folds_of(const DecoderShape& shape, LinearRole role, const BlockScales& scales);

/// A linear with every fold that touches it.
struct FoldedLinear {
  Tensor weight;  ///< [out_features, in_features] F32
  Tensor bias;    ///< [out_features] F32 in the host's memory, or empty
  Folds folds;
};
/// Of a block in the device's memory, float32; the weight stays there.
FoldedLinear fold_linear(Backend& backend, const DecoderShape& shape, const Block& block,
                         LinearRole role, const BlockScales& scales);
/// Of a block in the host's memory, any dtype.
FoldedLinear fold_linear(const DecoderShape& shape, const Block& block, LinearRole role,
                         const BlockScales& scales);

/// norm / s, or a norm's bias / s, [hidden] F32 in the host's memory.
Tensor fold_norm(Backend& backend, const Tensor& norm, std::span<const float> scales);

/// The block as folded, unquantized; for the loss at its outputs and for proofs.
Block fold_block(Backend& backend, const DecoderShape& shape, const Block& block,
                 const BlockScales& scales);

}  // namespace salient
