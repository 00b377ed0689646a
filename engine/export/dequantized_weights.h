// SPDX-License-Identifier: Apache-2.0
#pragma once

// The blocks of a "fake quantized" export: dense weights with the values that the run's codes stand
// for, so that anything that loads the model measures the run's quality.

#include "engine/export/export.h"

namespace salient {

class DequantizedWeights : public BlockSource {
 public:
  explicit DequantizedWeights(const BlockSource& blocks) : blocks_(blocks) {}

  std::int64_t num_blocks() const override { return blocks_.num_blocks(); }
  /// Every entry dense.
  QuantizedBlock block(std::int64_t index) const override {
    QuantizedBlock block = blocks_.block(index);
    for (QuantizedBlock::Entry& entry : block.linears) {
      if (entry.codes) entry.dense = dequantize(*entry.codes);
      entry.codes.reset();
    }
    return block;
  }
  std::vector<NamedTensor> record(std::int64_t index) const override {
    return blocks_.record(index);
  }

 private:
  const BlockSource& blocks_;
};

}  // namespace salient
