// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <numeric>

#include <doctest/doctest.h>

#include "engine/quantization/quantization.h"
#include "tests/backend/reference_backend.h"
#include "tests/model/golden_model.h"
#include "tests/quantization/awq_golden.h"

using namespace salient;
using namespace salient::tests;

TEST_CASE("one scaled channel of a group shows in every statistic") {
  Tensor weight(DType::F32, {2, 4});
  const std::vector<float> values = {1.0F, -0.5F, 0.25F, 0.5F, 0.25F, -1.0F, 0.5F, 0.75F};
  std::copy(values.begin(), values.end(), weight.as<float>().begin());
  const std::vector<float> scales = {2.0F, 1.0F, 1.0F, 1.0F};
  const std::vector<std::int64_t> salient = {0};
  const QuantScheme scheme{.bits = 4, .group_size = QuantScheme::kWholeRow};
  const StepStats stats =
      step_statistics(*make_reference_backend(), weight, scales, salient, scheme);
  // Row 0 spans -0.5…1 and then -0.5…2; row 1 spans -1…0.75 both times.
  CHECK(stats.changed_share == 0.5);
  CHECK(stats.mean_step_ratio == doctest::Approx((2.5 / 1.5 + 1) / 2));
  CHECK(stats.mean_error_ratio == doctest::Approx((2.5 / 1.5 / 2 + 0.5) / 2));
  CHECK(stats.predicted == 0.5);
  CHECK(std::accumulate(stats.salient_histogram.begin(), stats.salient_histogram.end(),
                        std::int64_t{0}) == 2);
  CHECK(std::accumulate(stats.other_histogram.begin(), stats.other_histogram.end(),
                        std::int64_t{0}) == 6);
}

TEST_CASE("a common factor of s moves nothing") {
  Tensor weight(DType::F32, {3, 70});
  const std::vector<float> values = golden_normal("weights", weight.size());
  std::copy(values.begin(), values.end(), weight.as<float>().begin());
  std::vector<float> scales(70, 1.0F);
  scales[3] = 4.0F;
  const std::vector<std::int64_t> salient = {3};
  const QuantScheme scheme{.bits = 3, .group_size = 32};
  const StepStats plain =
      step_statistics(*make_reference_backend(), weight, scales, salient, scheme);
  for (float& s : scales) s *= 8.0F;
  const StepStats eightfold =
      step_statistics(*make_reference_backend(), weight, scales, salient, scheme);
  CHECK(eightfold.changed_share == plain.changed_share);
  CHECK(eightfold.mean_step_ratio == plain.mean_step_ratio);
  CHECK(eightfold.salient_histogram == plain.salient_histogram);
  CHECK(plain.salient_error_ratio == doctest::Approx(plain.mean_error_ratio).epsilon(0.6));
}

TEST_CASE("medians are those of the weights to half a percent") {
  Tensor weight(DType::F32, {8, 128});
  const std::vector<float> values = golden_normal("weights", weight.size());
  std::copy(values.begin(), values.end(), weight.as<float>().begin());
  std::vector<float> scales = golden_uniform("scales", 128);
  for (float& s : scales) s = std::exp(s);
  const StepStats stats =
      step_statistics(*make_reference_backend(), weight, scales, {}, {.bits = 4, .group_size = 32});
  CHECK(stats.other_error_ratio > 0.5);
  CHECK(stats.other_error_ratio < 2.0);
  // s = 1 everywhere: every ratio is exactly one.
  const StepStats identity =
      step_statistics(*make_reference_backend(), weight, {}, {}, {.bits = 4, .group_size = 32});
  CHECK(identity.other_error_ratio == doctest::Approx(1.0).epsilon(0.005));
  CHECK(identity.changed_share == 0.0);
}

TEST_CASE("salient channels are the loudest, at least one, in channel order") {
  const std::vector<float> magnitude = {1, 9, 3, 9, 2};
  CHECK(salient_channels(magnitude, 0.0) == std::vector<std::int64_t>{1});
  CHECK(salient_channels(magnitude, 0.6) == std::vector<std::int64_t>{1, 2, 3});
  CHECK(salient_channels(magnitude, 5.0).size() == 5);
}

TEST_CASE("energy is a share of the squares") {
  SiteStats stats;
  stats.energy = {3.0F, 1.0F};
  CHECK(energy_share(stats, std::vector<std::int64_t>{0}) == 0.75);
}

TEST_CASE("the fixed-scale table starts at plain rounding and finds a factor that helps") {
  const GoldenSearch golden = golden_search();
  const auto salient = salient_channels(golden.input.magnitude, 0.03);
  const std::vector<double> factors = {1.0, 1.25, 1.5, 2.0, 4.0};
  const auto rows = fixed_scale_table(*make_reference_backend(), golden.weight, golden.input,
                                      salient, {.bits = 3, .group_size = 32}, factors);
  REQUIRE(rows.size() == 5);
  CHECK(rows[0].loss_over_rtn == 1.0);
  CHECK(rows[0].stats.changed_share == 0.0);
  CHECK(rows[3].loss_over_rtn < 0.8);
  CHECK(rows[4].stats.changed_share > rows[1].stats.changed_share);
}
