// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "tests/backend/reference_backend.h"
#include "tests/model/golden_model.h"
#include "tests/quantization/awq_golden.h"

using namespace salient;
using namespace salient::tests;

namespace {

ModelConfig grouped_heads() {
  ModelConfig config;
  config.num_heads = 4;
  config.num_kv_heads = 2;
  config.head_dim = 2;
  return config;
}

/// One linear of the golden search with settings of its own.
SearchProblem golden_problem(const GoldenSearch& golden, const ModelConfig& config,
                             const std::vector<LinearSettings>& settings) {
  SearchProblem problem;
  problem.input = &golden.input;
  problem.config = &config;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    problem.consumers.push_back({{0, kLinearRoles[i]}, &golden.weight, settings[i]});
  }
  return problem;
}

ScaleChoice search(const SearchProblem& problem, SearchEffort effort = SearchEffort::Exact) {
  return search_scales(*make_reference_backend(), problem, effort, {}, {});
}

}  // namespace

TEST_CASE("channel scales are centred, and dead channels keep 1 and count for nothing") {
  const std::vector<float> magnitude = {4.0F, 0.0F, 1.0F, 0.25F};
  const std::vector<float> scales = channel_scales_for(magnitude, 0.5);
  CHECK(scales == std::vector<float>{2.0F, 1.0F, 1.0F, 0.5F});
  CHECK(channel_scales_for(magnitude, 0.0) == std::vector<float>(4, 1.0F));
  CHECK(channel_scales_for(std::vector<float>(3, 0.0F), 0.7) == std::vector<float>(3, 1.0F));
  const std::vector<float> faint = {1e-30F, 1.0F};
  CHECK(channel_scales_for(faint, 0.9)[0] == doctest::Approx(1e-2));
}

TEST_CASE("query heads that share a KV head get one scale, the largest of theirs") {
  const ModelConfig config = grouped_heads();
  const std::vector<float> magnitude = {1, 2, 3, 1, 5, 6, 4, 7};
  const std::vector<float> reduced = reduce_to_kv_heads(magnitude, config);
  CHECK(reduced == std::vector<float>{3, 2, 5, 7});
  CHECK(spread_to_heads(reduced, config) == std::vector<float>{3, 2, 3, 2, 5, 7, 5, 7});
}

TEST_CASE("a pinned alpha is taken and shown beside the grid") {
  const GoldenSearch golden = golden_search();
  const ModelConfig config = grouped_heads();
  const ScaleChoice choice = search(golden_problem(golden, config, {{.alpha = 0.33}}));
  CHECK(choice.alpha == 0.33);
  REQUIRE(choice.curve.trials.size() == kAlphaSteps + 1);
  CHECK(choice.curve.best == kAlphaSteps);
  CHECK(choice.curve.trials[0].alpha == 0.0);
  const ScaleChoice on_grid = search(golden_problem(golden, config, {{.alpha = 0.3}}));
  CHECK(on_grid.curve.trials.size() == kAlphaSteps);
  CHECK(on_grid.alpha == 0.3);
}

TEST_CASE("plain rounding needs no search and no scales") {
  const GoldenSearch golden = golden_search();
  const ModelConfig config = grouped_heads();
  const ScaleChoice choice =
      search(golden_problem(golden, config, {{.method = Method::Rtn, .alpha = 0.5}}));
  CHECK(choice.curve.trials.size() == 1);
  CHECK(choice.alpha == 0.0);
  CHECK(choice.channel_scales == std::vector<float>(96, 1.0F));
}

TEST_CASE("consumers with schemes of their own share the α of the smallest sum") {
  const GoldenSearch golden = golden_search();
  const ModelConfig config = grouped_heads();
  const QuantScheme coarse{.bits = 3, .group_size = 32}, fine{.bits = 8, .group_size = 32};
  const ScaleChoice both =
      search(golden_problem(golden, config, {{.scheme = fine}, {.scheme = coarse}}));
  const ScaleChoice alone = search(golden_problem(golden, config, {{.scheme = coarse}}));
  CHECK(both.by_linear[1].trials[4].loss == alone.curve.trials[4].loss);
  CHECK(both.by_linear[0].trials[4].loss < both.by_linear[1].trials[4].loss / 100);
  CHECK(both.curve.trials[4].loss ==
        both.by_linear[0].trials[4].loss + both.by_linear[1].trials[4].loss);

  const ScaleChoice kept = search(
      golden_problem(golden, config, {{.scheme = fine, .keep_fp16 = true}, {.scheme = coarse}}));
  CHECK(kept.by_linear[0].trials.empty());
  CHECK(kept.curve.trials[4].loss == alone.curve.trials[4].loss);
}

TEST_CASE("candidates that are not finite are skipped, and none at all is an error") {
  const ModelConfig config = grouped_heads();
  GoldenSearch golden = golden_search();
  golden.input.magnitude[3] = std::numeric_limits<float>::infinity();
  const ScaleChoice choice = search(golden_problem(golden, config, {{}}));
  CHECK(choice.alpha == 0.0);
  CHECK(choice.curve.trials[0].finite);
  CHECK_FALSE(choice.curve.trials[7].finite);
  CHECK_FALSE(choice.by_linear[0].trials[7].finite);
  golden.input.gram.as<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(search(golden_problem(golden, config, {{}})),
                       doctest::Contains("no candidate of the scale search has a finite loss"),
                       Error);
}

TEST_CASE("a search stops within one α") {
  const GoldenSearch golden = golden_search();
  const ModelConfig config = grouped_heads();
  std::stop_source stop;
  int trials = 0;
  const auto sink = [&](const AlphaTrial&) {
    if (++trials == 3) stop.request_stop();
  };
  CHECK_THROWS_AS(search_scales(*make_reference_backend(), golden_problem(golden, config, {{}}),
                                SearchEffort::Exact, stop.get_token(), sink),
                  Error);
  CHECK(trials == 3);
}

TEST_CASE("scales stay where float16 holds the columns and what the producer becomes") {
  GoldenSearch golden = golden_search();
  const ModelConfig config = grouped_heads();
  golden.weight.as<float>()[5] = 40000.0F;  // channel 5 is the loudest
  SearchProblem problem = golden_problem(golden, config, {{.alpha = 0.9}});
  problem.producer_peak.assign(96, 1.0F);
  problem.producer_peak[7] = 60000.0F;
  problem.producer_peak[9] = 0.0F;
  const std::vector<float> scales = search(problem).channel_scales;
  CHECK(40000.0F * scales[5] <= 65504.5F);
  CHECK(60000.0F / scales[7] <= 65504.5F);
  CHECK(scales[9] == 1.0F);
}

TEST_CASE("an estimate takes its rows from every consumer and lies near the exact curve") {
  const GoldenSearch golden = golden_search();
  const ModelConfig config = grouped_heads();
  Tensor tall(DType::F32, {2000, 96});
  const std::vector<float> values = golden_normal("tall", tall.size());
  std::copy(values.begin(), values.end(), tall.as<float>().begin());
  SearchProblem problem;
  problem.input = &golden.input;
  problem.config = &config;
  problem.consumers = {{{0, LinearRole::Gate}, &tall, {}},
                       {{0, LinearRole::Up}, &golden.weight, {}}};
  const auto backend = make_cpu_backend(1);
  const ScaleChoice exact = search_scales(*backend, problem, SearchEffort::Exact, {}, {});
  const ScaleChoice rough = search_scales(*backend, problem, SearchEffort::Estimate, {}, {});
  CHECK(exact.curve.exact);
  CHECK_FALSE(rough.curve.exact);
  CHECK_FALSE(rough.by_linear[1].exact);
  for (std::size_t i = 0; i < exact.curve.trials.size(); ++i) {
    CHECK(rough.curve.trials[i].loss == doctest::Approx(exact.curve.trials[i].loss).epsilon(0.15));
  }
  CHECK(search(golden_problem(golden, config, {{}}), SearchEffort::Estimate).curve.exact);
}

TEST_CASE("a clip is taken back from every row whose whole loss it raises") {
  const GoldenSearch golden = golden_search();
  const QuantScheme scheme{.bits = 3, .group_size = 32};
  const auto backend = make_reference_backend();
  const auto losses = [&](const Tensor* clip) {
    Tensor error(DType::F32, golden.weight.shape());
    std::vector<double> rows(static_cast<std::size_t>(error.dim(0)));
    backend->rounding_error({golden.weight, {}, clip, scheme}, error);
    backend->quadratic_form(error, golden.input.gram, rows);
    return rows;
  };
  Tensor by_group(DType::F32, {golden.weight.dim(0), scheme.num_groups(golden.weight.dim(1))});
  backend->clip_search(golden.weight, golden.input.gram, scheme, by_group);
  const std::vector<double> open = losses(nullptr), blind = losses(&by_group);
  const ClipChoice choice = search_clip(*backend, golden.weight, golden.input.gram, scheme);
  int taken_back = 0;
  for (std::size_t o = 0; o < open.size(); ++o) {
    CHECK(choice.row_losses[o] == std::min(open[o], blind[o]));
    if (blind[o] > open[o]) ++taken_back;
  }
  CHECK(taken_back > 0);
  CHECK(losses(&choice.clip) == choice.row_losses);
}
