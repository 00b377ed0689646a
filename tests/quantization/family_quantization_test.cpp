// SPDX-License-Identifier: Apache-2.0
// Folding and the search on a block of every family and form.

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "engine/quantization/fold.h"
#include "tests/model/family_model.h"
#include "tests/model/golden_model.h"
#include "tests/shared_data.h"

using namespace salient;
using namespace salient::tests;

namespace {

/// The second block of a golden model with what it has seen.
struct Measured {
  DecoderShape shape;
  Block block;
  ActivationStats stats;
  Tensor input;  ///< [tokens, hidden]
};

Measured measure(Backend& backend, const Checkpoint& checkpoint) {
  Measured measured;
  measured.shape = make_decoder_shape(checkpoint);
  CalibrationWindows windows;
  for (int w = 0; w < 6; ++w) {
    std::vector<std::int32_t> ids;
    for (const float u : golden_uniform("window " + std::to_string(w), 45)) {
      ids.push_back(static_cast<std::int32_t>((u + 0.5F) * 40));
    }
    windows.windows.push_back(std::move(ids));
  }
  CalibrationState state =
      embed_windows(backend, measured.shape, load_embedding(checkpoint, measured.shape, DType::F32),
                    load_surroundings(backend, checkpoint, measured.shape, DType::F32), windows);
  for (std::int64_t index = 0; index < 2; ++index) {
    measured.block = load_block(checkpoint, measured.shape, index, DType::F32);
    measured.input = state.hidden[0].clone();
    measured.stats = calibrate_block(backend, measured.shape, measured.block, state, {}, {}, 2);
  }
  return measured;
}

Tensor output_of(Backend& backend, const Measured& measured, const Block& block) {
  Tensor x = measured.input.clone();
  KvLayer cache = make_kv_layer(backend, measured.shape, x.dim(0));
  const Tensor start = Tensor::zeros(DType::I32, {1});
  forward_block(backend, measured.shape, block, x, {start, x.dim(0)}, cache);
  return x;
}

/// Scales between 1/2 and 2 for every group that has a producer.
BlockScales some_scales(const Measured& measured) {
  const ModelConfig& config = measured.shape.config;
  BlockScales scales;
  for (const ScaleGroupRow& group : measured.shape.architecture->scale_groups) {
    const Producer producer = producer_of(config, group);
    if (producer == Producer::None) continue;
    const bool value = producer == Producer::Value;
    const std::int64_t inputs = linear_shape(config, group.consumers.front())[1];
    const std::int64_t count = value ? config.num_kv_heads * config.head_dim : inputs;
    std::vector<float> own = golden_uniform("scales", count);
    for (float& scale : own) scale = std::exp2(2 * scale);
    scales[index_of(group.input)] = value ? spread_to_heads(own, config) : own;
  }
  return scales;
}

double relative_difference(const Tensor& a, const Tensor& b) {
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
    const auto x = static_cast<double>(a.as<float>()[i]);
    difference = std::max(difference, std::abs(x - static_cast<double>(b.as<float>()[i])));
    largest = std::max(largest, std::abs(x));
  }
  return difference / largest;
}

/// Losses of the group's linears, summed.
struct GroupLosses {
  double rtn = 0, awq = 0;
};

GroupLosses losses_of(const QuantizedBlock& quantized, const ScaleGroupRow& group) {
  GroupLosses losses;
  for (const LinearReport& report : quantized.reports) {
    if (std::ranges::find(group.consumers, report.id.role) == group.consumers.end()) continue;
    losses.rtn += report.loss_rtn;
    losses.awq += report.loss;
  }
  return losses;
}

}  // namespace

TEST_CASE("folding every scale group of every family leaves its blocks' function as it was") {
  const auto backend = make_cpu_backend(2);
  const TemporaryFolder folder;
  for (const FamilyCase& golden : family_cases()) {
    CAPTURE(golden.name);
    const auto checkpoint = open_checkpoint(write_family(golden, folder.path()));
    const Measured measured = measure(*backend, *checkpoint);
    const BlockScales scales = some_scales(measured);
    const Block folded = fold_block(*backend, measured.shape, measured.block, scales);
    const Tensor before = output_of(*backend, measured, measured.block);
    const Tensor after = output_of(*backend, measured, folded);
    CHECK(relative_difference(before, after) < 2e-5);
  }
}

TEST_CASE("AWQ is no worse than plain rounding in every group of every family") {
  const auto backend = make_cpu_backend(2);
  const TemporaryFolder folder;
  BlockOptions options;
  options.settings = [](const LinearId&) {
    return LinearSettings{.scheme = {.bits = 3, .group_size = QuantScheme::kWholeRow}};
  };
  for (const FamilyCase& golden : family_cases()) {
    CAPTURE(golden.name);
    const auto checkpoint = open_checkpoint(write_family(golden, folder.path()));
    const Measured measured = measure(*backend, *checkpoint);
    const Architecture& row = *measured.shape.architecture;
    const QuantizedBlock quantized = quantize_block(*backend, measured.shape, measured.block, 1,
                                                    measured.stats, options, {}, {});
    REQUIRE(quantized.reports.size() == row.linears.size());
    for (const ScaleGroupRow& group : row.scale_groups) {
      const GroupLosses losses = losses_of(quantized, group);
      CHECK(losses.rtn > 0);
      CHECK(losses.awq <= losses.rtn * (1 + 1e-6));
    }
  }
}

TEST_CASE("sites that nothing can scale keep their columns and say why") {
  const auto backend = make_cpu_backend(2);
  const TemporaryFolder folder;
  std::size_t unscaled = 0;
  for (const FamilyCase& golden : family_cases()) {
    CAPTURE(golden.name);
    const auto checkpoint = open_checkpoint(write_family(golden, folder.path()));
    const ModelConfig& config = checkpoint->config();
    const Architecture& row = *find_architecture(config.model_type);
    const ScaleGroupRow& hidden = row.group_at(Site::MlpHidden);
    const bool exact = row.has(LinearRole::Gate) || config.activation == Activation::Relu;
    CHECK((producer_of(config, hidden) == Producer::Up) == exact);
    CHECK(unscaled_because(config, hidden).empty() == exact);
    unscaled += exact ? 0 : 1;
    const bool clamped = config.qkv_limit != 0;
    CHECK((producer_of(config, row.group_at(Site::AttentionOutput)) == Producer::None) == clamped);
  }
  CHECK(unscaled > 10);
}

TEST_CASE("the loss at a block's output is measured in parallel blocks too") {
  const auto backend = make_cpu_backend(2);
  const TemporaryFolder folder;
  BlockOptions options;
  options.loss_site = LossSite::BlockOutput;
  options.settings = [](const LinearId&) {
    return LinearSettings{.scheme = {.bits = 3, .group_size = QuantScheme::kWholeRow}};
  };
  for (const FamilyCase& golden : family_cases()) {
    if (golden.name != "falcon 7b" && golden.name != "gpt_neox" && golden.name != "gemma2")
      continue;
    CAPTURE(golden.name);
    const auto checkpoint = open_checkpoint(write_family(golden, folder.path()));
    const Measured measured = measure(*backend, *checkpoint);
    const QuantizedBlock quantized = quantize_block(*backend, measured.shape, measured.block, 1,
                                                    measured.stats, options, {}, {});
    for (const LinearReport& report : quantized.reports) CHECK(std::isfinite(report.loss));
  }
}
