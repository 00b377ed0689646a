// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "engine/quantization/fold.h"
#include "tests/backend/reference_backend.h"
#include "tests/model/golden_model.h"
#include "tests/shared_data.h"

using namespace salient;
using namespace salient::tests;

namespace {

/// A block with statistics of real forward passes over seeded tokens.
struct MeasuredBlock {
  std::unique_ptr<Backend> backend = make_cpu_backend(2);
  DecoderShape shape;
  Block block;
  ActivationStats stats;
  Tensor input;  ///< [tokens, hidden] what the first window fed the block
};

MeasuredBlock measure(const Checkpoint& checkpoint, std::int64_t index) {
  MeasuredBlock measured;
  measured.shape = make_decoder_shape(checkpoint);
  const std::int64_t vocab = measured.shape.config.vocab_size;
  CalibrationWindows windows;
  for (int w = 0; w < 8; ++w) {
    std::vector<std::int32_t> ids;
    for (const float u : golden_uniform("window " + std::to_string(w), 48)) {
      ids.push_back(static_cast<std::int32_t>((u + 0.5F) * static_cast<float>(vocab)));
    }
    windows.windows.push_back(std::move(ids));
  }
  CalibrationState state = embed_windows(
      *measured.backend, load_embedding(checkpoint, measured.shape, DType::F32), windows);
  for (std::int64_t b = 0; b <= index; ++b) {
    measured.block = load_block(checkpoint, measured.shape, b, DType::F32);
    measured.input = state.hidden[0].clone();
    measured.stats =
        calibrate_block(*measured.backend, measured.shape, measured.block, state, {}, {}, 2);
  }
  return measured;
}

MeasuredBlock measure_small() {
  ModelConfig config = small_config();
  config.attention_bias = config.attention_output_bias = config.mlp_bias = true;
  return measure(golden_checkpoint(config), 1);
}

QuantizedBlock quantize(const MeasuredBlock& measured, const BlockOptions& options) {
  return quantize_block(*measured.backend, measured.shape, measured.block, 1, measured.stats,
                        options, {}, {});
}

BlockOptions all_with(const LinearSettings& settings) {
  BlockOptions options;
  options.settings = [settings](const LinearId&) { return settings; };
  return options;
}

/// The block as an export holds it: dequantized codes, folded norms and biases.
Block dequantized(const QuantizedBlock& quantized) {
  Block block;
  block.attention_norm = quantized.attention_norm;
  block.mlp_norm = quantized.mlp_norm;
  for (const QuantizedBlock::Entry& entry : quantized.linears) {
    const Tensor weight = entry.codes ? dequantize(*entry.codes) : entry.dense;
    block[entry.id.role] = DenseLinear{weight, entry.bias};
  }
  return block;
}

Tensor output_of(const MeasuredBlock& measured, const Block& block) {
  Tensor x = measured.input.clone();
  KvLayer cache = make_kv_layer(*measured.backend, measured.shape, x.dim(0));
  const Tensor start = Tensor::zeros(DType::I32, {1});
  forward_block(*measured.backend, measured.shape, block, x, {start, x.dim(0)}, cache);
  return x;
}

double relative_distance(const Tensor& a, const Tensor& b) {
  double distance = 0, size = 0;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
    distance += std::pow(static_cast<double>(a.as<float>()[i] - b.as<float>()[i]), 2);
    size += std::pow(static_cast<double>(a.as<float>()[i]), 2);
  }
  return std::sqrt(distance / size);
}

/// What each row of `role` was divided by as a producer.
std::vector<float> row_divisors(const MeasuredBlock& measured, const QuantizedBlock& quantized,
                                LinearRole role) {
  if (role == LinearRole::Value) {
    return reduce_to_kv_heads(quantized.linears[index_of(LinearRole::Output)].channel_scales,
                              measured.shape.config);
  }
  if (role == LinearRole::Up) {
    return quantized.linears[index_of(LinearRole::Down)].channel_scales;
  }
  const auto rows = quantized.reports[index_of(role)].out_features;
  return std::vector<float>(static_cast<std::size_t>(rows), 1.0F);
}

/// Stored minus original weight, with the folds undone.
Tensor original_units(const MeasuredBlock& measured, const QuantizedBlock& quantized,
                      LinearRole role) {
  const QuantizedBlock::Entry& entry = quantized.linears[index_of(role)];
  const Tensor& weight = std::get<DenseLinear>(measured.block[role]).weight;
  const std::vector<float> divisors = row_divisors(measured, quantized, role);
  Tensor error = dequantize(*entry.codes);
  const auto in = static_cast<std::size_t>(error.dim(1));
  for (std::size_t i = 0; i < error.as<float>().size(); ++i) {
    error.as<float>()[i] *= divisors[i / in] / entry.channel_scales[i % in];
    error.as<float>()[i] -= weight.as<float>()[i];
  }
  return error;
}

const LinearReport& report_of(const QuantizedBlock& block, LinearRole role) {
  return block.reports[index_of(role)];
}

}  // namespace

TEST_CASE("folding every group leaves the block's function as it was, under shared KV heads too") {
  const MeasuredBlock measured = measure_small();
  BlockScales scales;
  for (const ScaleGroupRow& group : measured.shape.architecture->scale_groups) {
    std::vector<float> magnitude = measured.stats[group.input].magnitude;
    if (group.producer == Producer::Value) {
      magnitude = spread_to_heads(reduce_to_kv_heads(magnitude, measured.shape.config),
                                  measured.shape.config);
    }
    scales[index_of(group.input)] = channel_scales_for(magnitude, 0.8);
  }
  const Block folded = fold_block(*measured.backend, measured.shape, measured.block, scales);
  CHECK(relative_distance(output_of(measured, measured.block), output_of(measured, folded)) < 1e-5);
}

TEST_CASE("8 bits with searched scales stay near the original function") {
  const MeasuredBlock measured = measure_small();
  const QuantizedBlock quantized =
      quantize(measured, all_with({.scheme = {.bits = 8, .group_size = 32}}));
  const Tensor original = output_of(measured, measured.block);
  CHECK(relative_distance(original, output_of(measured, dequantized(quantized))) < 0.02);
}

TEST_CASE("searched scales are never worse than plain rounding on their own loss") {
  const MeasuredBlock measured = measure_small();
  for (const int bits : {2, 3, 4, 8}) {
    const QuantizedBlock quantized =
        quantize(measured, all_with({.scheme = {.bits = bits, .group_size = 32}}));
    REQUIRE(quantized.reports.size() == kLinearRoles.size());
    for (const ScaleGroupRow& group : measured.shape.architecture->scale_groups) {
      double rtn = 0, scaled = 0;
      for (const LinearRole role : group.consumers) {
        rtn += report_of(quantized, role).loss_rtn;
        scaled += report_of(quantized, role).loss_scaled;
      }
      CHECK(scaled <= rtn);
    }
  }
}

TEST_CASE("the loss of a report is that of the stored codes, in units of the original outputs") {
  const MeasuredBlock measured = measure_small();
  const QuantizedBlock exact =
      quantize(measured, all_with({.scheme = {.bits = 3, .group_size = 32}}));
  for (const QuantizedBlock::Entry& entry : exact.linears) {
    const LinearReport& report = report_of(exact, entry.id.role);
    const Site site = measured.shape.architecture->row(entry.id.role).input;
    const Tensor error = original_units(measured, exact, entry.id.role);
    std::vector<double> rows(static_cast<std::size_t>(error.dim(0)));
    make_reference_backend()->quadratic_form(error, measured.stats[site].gram, rows);
    const double sum = std::accumulate(rows.begin(), rows.end(), 0.0);
    CHECK(report.loss ==
          doctest::Approx(sum / static_cast<double>(measured.stats[site].tokens)).epsilon(1e-4));
  }
  LinearSettings settings{.scheme = {.bits = 3, .group_size = 32}};
  settings.clip = ClipMode::Off;
  const QuantizedBlock unclipped = quantize(measured, all_with(settings));
  for (const LinearReport& report : unclipped.reports) {
    CAPTURE(report.name);
    // v and up are rounded after their rows were divided; only float16 steps can tell.
    CHECK(report.loss == doctest::Approx(report.loss_scaled).epsilon(0.02));
  }
  settings.clip = ClipMode::Search;
  const QuantizedBlock clipped = quantize(measured, all_with(settings));
  double before = 0, after = 0;
  for (const LinearRole role : kLinearRoles) {
    CHECK(report_of(clipped, role).loss <= report_of(unclipped, role).loss);
    before += report_of(unclipped, role).loss / report_of(unclipped, role).signal;
    after += report_of(clipped, role).loss / report_of(clipped, role).signal;
  }
  CHECK(after < before);
}

TEST_CASE("error planes of a reported clip are the stored error") {
  const MeasuredBlock measured = measure_small();
  const QuantizedBlock quantized =
      quantize(measured, all_with({.scheme = {.bits = 3, .group_size = 32}}));
  for (const LinearRole role : {LinearRole::Value, LinearRole::Down}) {
    const QuantizedBlock::Entry& entry = quantized.linears[index_of(role)];
    REQUIRE_FALSE(entry.clip.empty());
    const Tensor& weight = std::get<DenseLinear>(measured.block[role]).weight;
    const ErrorPlanes planes =
        error_planes(*measured.backend, weight, entry.channel_scales, &entry.clip,
                     report_of(quantized, role).settings.scheme);
    const Tensor stored = original_units(measured, quantized, role);
    // float16 steps of divided rows differ in the last bit, which moves a code here and there.
    CHECK(relative_distance(stored, planes.awq_error) < 0.1);
  }
}

TEST_CASE("plain rounding folds nothing, clips nothing and rounds the original weights") {
  const MeasuredBlock measured = measure_small();
  const LinearSettings settings{.scheme = {.bits = 4, .group_size = 32}, .method = Method::Rtn};
  const QuantizedBlock quantized = quantize(measured, all_with(settings));
  for (const QuantizedBlock::Entry& entry : quantized.linears) {
    const Tensor& weight = std::get<DenseLinear>(measured.block[entry.id.role]).weight;
    const QuantizedMatrix plain =
        measured.backend->quantize({weight, {}, nullptr, settings.scheme});
    CHECK(entry.codes->codes == plain.codes);
    CHECK(entry.clip.empty());
    CHECK(*std::max_element(entry.channel_scales.begin(), entry.channel_scales.end()) == 1.0F);
  }
  CHECK(std::memcmp(quantized.attention_norm.data(), measured.block.attention_norm.data(),
                    quantized.attention_norm.bytes()) == 0);
}

TEST_CASE("a consumer kept in 16 bits takes the scales of its group and stays exact") {
  const MeasuredBlock measured = measure_small();
  BlockOptions options;
  options.settings = [](const LinearId& id) {
    LinearSettings settings{.scheme = {.bits = 4, .group_size = 32}};
    settings.keep_fp16 = id.role != LinearRole::Query;
    settings.alpha = 0.6;
    return settings;
  };
  const QuantizedBlock quantized = quantize(measured, options);
  CHECK_FALSE(quantized.linears[index_of(LinearRole::Key)].codes.has_value());
  CHECK(quantized.linears[index_of(LinearRole::Key)].channel_scales ==
        quantized.linears[index_of(LinearRole::Query)].channel_scales);
  Block block = dequantized(quantized);
  const QuantizedBlock::Entry& query = quantized.linears[index_of(LinearRole::Query)];
  Tensor folded = std::get<DenseLinear>(measured.block[LinearRole::Query]).weight.clone();
  for (std::size_t i = 0; i < folded.as<float>().size(); ++i) {
    folded.as<float>()[i] *= query.channel_scales[i % query.channel_scales.size()];
  }
  block[LinearRole::Query] = DenseLinear{folded, query.bias};
  CHECK(relative_distance(output_of(measured, measured.block), output_of(measured, block)) < 1e-5);
}

TEST_CASE("a round-to-nearest linear among searched ones is told to sit on their scales") {
  const MeasuredBlock measured = measure_small();
  BlockOptions options;
  options.settings = [](const LinearId& id) {
    LinearSettings settings{.scheme = {.bits = 4, .group_size = 32}};
    if (id.role == LinearRole::Key) settings.method = Method::Rtn;
    if (id.role == LinearRole::Value) settings.alpha = 0.5;
    return settings;
  };
  const QuantizedBlock quantized = quantize(measured, options);
  CHECK(report_of(quantized, LinearRole::Key).alpha == 0.5);
  CHECK(report_of(quantized, LinearRole::Key).note ==
        "rounded to nearest on the channel scales of its group");
}

TEST_CASE("norm channels of zero are left as they are") {
  MeasuredBlock measured = measure_small();
  measured.block.attention_norm.as<float>()[4] = 0.0F;
  CalibrationState state;
  state.hidden.push_back(measured.input.clone());
  measured.stats =
      calibrate_block(*measured.backend, measured.shape, measured.block, state, {}, {});
  const QuantizedBlock quantized =
      quantize(measured, all_with({.scheme = {.bits = 3, .group_size = 32}, .alpha = 0.7}));
  CHECK(quantized.attention_norm.as<float>()[4] == 0.0F);
  CHECK(quantized.linears[index_of(LinearRole::Query)].channel_scales[4] == 1.0F);
}

TEST_CASE("the loss at the block's output picks scales that move that output no more") {
  MeasuredBlock measured = measure_small();
  BlockOptions options = all_with({.scheme = {.bits = 3, .group_size = 32}});
  options.loss_site = LossSite::BlockOutput;
  const QuantizedBlock quantized = quantize(measured, options);
  for (const LinearReport& report : quantized.reports) {
    CHECK(report.curve.trials.size() == kAlphaSteps);
    CHECK(std::isfinite(report.loss));
  }
  measured.stats.kept_inputs.clear();
  CHECK_THROWS_AS(quantize(measured, options), std::logic_error);
}

TEST_CASE("every trial and every linear is told once, in order") {
  const MeasuredBlock measured = measure_small();
  std::vector<LinearRole> linears;
  std::size_t trials = 0;
  BlockSink sink;
  sink.on_trial = [&](const LinearId& id, const AlphaTrial&) {
    CHECK(id.block == 1);
    ++trials;
  };
  sink.on_linear = [&](const LinearReport& report, const std::vector<float>& /*scales*/) {
    linears.push_back(report.id.role);
  };
  quantize_block(*measured.backend, measured.shape, measured.block, 1, measured.stats,
                 all_with({.scheme = {.bits = 4, .group_size = 32}}), {}, sink);
  CHECK(trials == kLinearRoles.size() * kAlphaSteps);
  CHECK(linears == std::vector<LinearRole>(kLinearRoles.begin(), kLinearRoles.end()));
}

TEST_CASE("searched scales beat plain rounding on every layer of stories260K") {
  const auto folder = shared_file("data/models/stories260K-hf");
  if (!folder) return;
  const auto checkpoint = open_checkpoint(*folder);
  for (std::int64_t index = 0; index < checkpoint->config().num_layers; ++index) {
    const MeasuredBlock measured = measure(*checkpoint, index);
    const QuantizedBlock quantized =
        quantize(measured, all_with({.scheme = {.bits = 3, .group_size = 32}}));
    for (const ScaleGroupRow& group : measured.shape.architecture->scale_groups) {
      double rtn = 0, stored = 0;
      for (const LinearRole role : group.consumers) {
        rtn += report_of(quantized, role).loss_rtn;
        stored += report_of(quantized, role).loss;
      }
      CAPTURE(index);
      CAPTURE(name_of(group.input));
      CHECK(stored <= rtn);
    }
  }
}
