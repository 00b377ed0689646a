// SPDX-License-Identifier: Apache-2.0
#pragma once

// Quantized blocks made by hand for a tiny checkpoint: seeded codes, steps and zero points, and
// channel scales that are powers of two, so that folding them is exact and every fold can be
// undone.

#include <filesystem>
#include <map>
#include <memory>
#include <vector>

#include "engine/export/export.h"
#include "engine/model/decoder.h"
#include "tests/shared_data.h"
#include "tests/tiny_checkpoint.h"

namespace salient::tests {

class MadeBlocks : public BlockSource {
 public:
  MadeBlocks(const Checkpoint& source, std::map<LinearId, LinearSettings> settings);

  std::int64_t num_blocks() const override { return shape_.config.num_layers; }
  QuantizedBlock block(std::int64_t index) const override;
  std::vector<NamedTensor> record(std::int64_t index) const override;
  /// Power-of-two scales of a linear's columns, shared by the linears of one input.
  std::vector<float> scales(std::int64_t block, Site site) const;

 private:
  QuantizedBlock::Entry entry(const LinearId& id) const;

  const Checkpoint& source_;
  DecoderShape shape_;
  std::map<LinearId, LinearSettings> settings_;
};

/// Every linear of a model with the same settings.
std::map<LinearId, LinearSettings> uniform_settings(const ModelConfig& config,
                                                    const QuantScheme& scheme);

/// A tiny checkpoint on disk, opened, with blocks for it and a request to export them.
struct MadeExport {
  MadeExport(const TinyOptions& options, const QuantScheme& scheme, ExportFormat format);
  /// After `settings` was changed.
  void refresh();

  TemporaryFolder folder;
  std::filesystem::path target() const { return folder.path() / "out"; }
  std::unique_ptr<Checkpoint> source;
  std::map<LinearId, LinearSettings> settings;
  std::unique_ptr<MadeBlocks> blocks;
  ExportRequest request;
};

}  // namespace salient::tests
