// SPDX-License-Identifier: Apache-2.0
#pragma once

// The FP16 export's blocks: the source's own weights with the run's channel scales and clip
// thresholds folded in, not quantized, so that any other quantizer starts from them. The model
// computes what the source computes, clip apart.

#include "engine/checkpoint/checkpoint.h"
#include "engine/export/export.h"
#include "engine/model/decoder.h"

namespace salient {

class FoldedWeights : public BlockSource {
 public:
  /// `source` holds the weights before scaling; `blocks` gives scales, clip, norms and biases.
  FoldedWeights(const Checkpoint& source, const BlockSource& blocks);

  std::int64_t num_blocks() const override { return blocks_.num_blocks(); }
  /// Every entry dense.
  QuantizedBlock block(std::int64_t index) const override;
  std::vector<NamedTensor> record(std::int64_t index) const override {
    return blocks_.record(index);
  }

 private:
  const Checkpoint& source_;
  const BlockSource& blocks_;
  DecoderShape shape_;
};

}  // namespace salient
