// SPDX-License-Identifier: Apache-2.0
// The engine on every backend against the float64 reference of make_awq_golden.py.

#include <cmath>

#include <doctest/doctest.h>

#include "tests/backend/reference_backend.h"
#include "tests/quantization/awq_golden.h"

using namespace salient;
using namespace salient::tests;

namespace {

std::vector<std::unique_ptr<Backend>> backends() {
  std::vector<std::unique_ptr<Backend>> all;
  all.push_back(make_reference_backend());
  all.push_back(make_cpu_backend(2));
  return all;
}

ModelConfig any_config() {
  ModelConfig config;
  config.num_heads = config.num_kv_heads = config.head_dim = 1;
  return config;
}

}  // namespace

TEST_CASE("codes, steps and zero points are those of the float64 reference") {
  for (const auto& backend : backends()) {
    CAPTURE(backend->device().name);
    for (const nlohmann::json& golden : awq_golden().at("rounding")) {
      const Tensor weight =
          scaled_integers(golden.at("weight_units"), awq_golden().at("weight_unit").get<double>(),
                          golden.at("out_features").get<std::int64_t>(),
                          golden.at("in_features").get<std::int64_t>());
      const QuantScheme scheme = scheme_of(golden);
      CAPTURE(to_string(scheme));
      const QuantizedMatrix matrix = backend->quantize({weight, {}, nullptr, scheme});
      CHECK(matrix.codes == golden.at("codes").get<std::vector<std::uint8_t>>());
      CHECK(matrix.steps == golden.at("step_bits").get<std::vector<std::uint16_t>>());
      CHECK(matrix.zero_points == golden.at("zero_points").get<std::vector<std::uint8_t>>());
    }
  }
}

TEST_CASE("the α-curve is that of the float64 reference, and of the activations themselves") {
  const GoldenSearch golden = golden_search();
  const ModelConfig config = any_config();
  for (const auto& backend : backends()) {
    CAPTURE(backend->device().name);
    for (const nlohmann::json& curve : awq_golden().at("search").at("curves")) {
      SearchProblem problem;
      problem.consumers = {{{0, LinearRole::Query}, &golden.weight, {.scheme = scheme_of(curve)}}};
      problem.input = &golden.input;
      problem.config = &config;
      const ScaleChoice choice = search_scales(*backend, problem, SearchEffort::Exact, {}, {});
      const auto expected = curve.at("loss_from_activations").get<std::vector<double>>();
      REQUIRE(choice.curve.trials.size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CAPTURE(choice.curve.trials[i].alpha);
        // float32 scales may move a code that the float64 ones leave: one part in a thousand.
        CHECK(choice.curve.trials[i].loss == doctest::Approx(expected[i]).epsilon(1e-3));
      }
      CHECK(choice.curve.trials[0].loss == doctest::Approx(expected[0]).epsilon(1e-5));
      CHECK(choice.alpha == doctest::Approx(curve.at("best_alpha").get<double>()));
    }
  }
}

TEST_CASE("the clip search picks the ratio of the float64 reference for every row and group") {
  const GoldenSearch golden = golden_search();
  const auto ratios = awq_golden().at("search").at("clip_ratios").get<std::vector<double>>();
  for (const auto& backend : backends()) {
    CAPTURE(backend->device().name);
    for (const nlohmann::json& clips : awq_golden().at("search").at("clips")) {
      const QuantScheme scheme = scheme_of(clips);
      const auto chosen = clips.at("chosen").get<std::vector<std::size_t>>();
      Tensor clip(DType::F32, {golden.weight.dim(0), scheme.num_groups(golden.weight.dim(1))});
      backend->clip_search(golden.weight, golden.input.gram, scheme, clip);
      REQUIRE(clip.as<float>().size() == chosen.size());
      const auto groups = static_cast<std::size_t>(clip.dim(1));
      const auto in = static_cast<std::size_t>(golden.weight.dim(1));
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        float peak = 0;
        for (std::size_t k = 0; k < in / groups; ++k) {
          const std::size_t at = i / groups * in + i % groups * (in / groups) + k;
          peak = std::max(peak, std::abs(golden.weight.as<float>()[at]));
        }
        CHECK(clip.as<float>()[i] ==
              doctest::Approx(static_cast<double>(peak) * ratios.at(chosen[i])).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("fixed scales give the step statistics of the paper's Table 2") {
  const nlohmann::json& golden = awq_golden().at("step_statistics");
  const auto in = golden.at("in_features").get<std::int64_t>();
  const Tensor weight =
      scaled_integers(golden.at("weight_units"), awq_golden().at("weight_unit").get<double>(),
                      golden.at("out_features").get<std::int64_t>(), in);
  const auto salient =
      salient_channels(golden.at("magnitude_units").get<std::vector<float>>(), 5.0 / 512);
  REQUIRE(salient == golden.at("salient_channels").get<std::vector<std::int64_t>>());
  for (const nlohmann::json& row : golden.at("rows")) {
    const auto factor = row.at("scale").get<double>();
    std::vector<float> scales(static_cast<std::size_t>(in), 1.0F);
    for (const std::int64_t j : salient) {
      scales[static_cast<std::size_t>(j)] = static_cast<float>(factor);
    }
    QuantScheme scheme{.bits = golden.at("bits").get<int>(),
                       .group_size = golden.at("group_size").get<std::int64_t>()};
    if (row.at("symmetric").get<bool>()) scheme.symmetry = Symmetry::Symmetric;
    const StepStats stats =
        step_statistics(*make_reference_backend(), weight, scales, salient, scheme);
    CHECK(stats.changed_share == doctest::Approx(row.at("changed_share").get<double>()));
    CHECK(stats.mean_step_ratio == doctest::Approx(row.at("mean_step_ratio").get<double>()));
    CHECK(FixedScaleRow{factor, stats, 1}.paper_error_ratio() ==
          doctest::Approx(row.at("mean_error_ratio").get<double>()));
    CHECK(stats.predicted == doctest::Approx(1 / factor));
  }
}
