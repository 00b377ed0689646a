// SPDX-License-Identifier: Apache-2.0
#pragma once

// LossSite::BlockOutput: how far rounding a group of linears moves the output of the attention or
// the MLP, measured by forward passes over the kept windows. For o and down that output is the
// linear's own, so their Gram loss already is this loss.

#include <vector>

#include "engine/quantization/scale_search.h"

namespace salient {

class BlockLoss {
 public:
  /// `group` takes the attention input or the MLP input. Everything given must outlive the object.
  /// Throws std::logic_error without kept windows.
  BlockLoss(Backend& backend, const DecoderShape& shape, const Block& block,
            const ActivationStats& stats, const ScaleGroupRow& group, const SearchProblem& problem);

  static bool measures(Site site) { return site == Site::AttentionInput || site == Site::MlpInput; }
  GroupLoss as_group_loss();

 private:
  /// Attention and MLP add to one residual at once: only the whole block has an output.
  bool parallel() const { return shape_.architecture->residual == Residual::Parallel; }
  double loss(std::span<const float> channel_scales);
  Block rounded_block(std::span<const float> channel_scales) const;
  /// x plus what this half of `block` adds to it.
  Tensor run(const Block& block, const Tensor& x);

  Backend& backend_;
  const DecoderShape& shape_;
  const Block& block_;
  const SearchProblem& problem_;
  Site site_;
  KvLayer cache_;
  Tensor start_;                          ///< I32 [1] position 0
  std::vector<Tensor> inputs_, outputs_;  ///< per window [tokens, hidden] F32
  std::int64_t tokens_ = 0;
};

}  // namespace salient
