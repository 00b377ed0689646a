// SPDX-License-Identifier: Apache-2.0
#include "engine/calibration/calibration.h"

#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "engine/error.h"
#include "tests/backend/reference_backend.h"
#include "tests/model/golden_model.h"

using namespace salient;
using namespace salient::tests;

namespace {

struct Prepared {
  MemoryCheckpoint checkpoint = golden_checkpoint(small_config());
  DecoderShape shape = make_decoder_shape(checkpoint);
  Block block = load_block(checkpoint, shape, 0, DType::F32);
  Tensor embedding = load_embedding(checkpoint, shape, DType::F32);
};

CalibrationWindows three_windows() {
  return {{{1, 2, 3, 4, 5, 6}, {40, 2, 3, 9, 5, 47}, {7, 7, 30}}, 15, {}};
}

}  // namespace

TEST_CASE("statistics are sums over the tokens of every window") {
  struct Collector final : ActivationTap {
    std::array<std::vector<Tensor>, kSites.size()> seen;
    void observe(Site site, const Tensor& x) override { seen[index_of(site)].push_back(x.clone()); }
  } collector;
  const auto backend = make_reference_backend();
  const Prepared model;
  CalibrationState state = embed_windows(*backend, model.embedding, three_windows());
  CalibrationState again = embed_windows(*backend, model.embedding, three_windows());
  for (Tensor& hidden : again.hidden) {
    KvLayer cache = make_kv_layer(*backend, model.shape, hidden.dim(0));
    const Tensor start = Tensor::zeros(DType::I32, {1});
    forward_block(*backend, model.shape, model.block, hidden, {start, hidden.dim(0)}, cache,
                  &collector);
  }
  const ActivationStats stats =
      calibrate_block(*backend, model.shape, model.block, state, {}, {}, 2);

  for (const Site site : kSites) {
    CAPTURE(name_of(site));
    const SiteStats& measured = stats[site];
    CHECK(measured.tokens == 15);
    const std::int64_t n = measured.gram.dim(0);
    double product = 0, magnitude = 0;
    float highest = 0;
    for (const Tensor& x : collector.seen[index_of(site)]) {
      for (std::int64_t t = 0; t < x.dim(0); ++t) {
        const auto row = x.as<float>().subspan(static_cast<std::size_t>(t * n));
        product += static_cast<double>(row[5]) * static_cast<double>(row[2]);
        magnitude += std::abs(static_cast<double>(row[5]));
        highest = std::max(highest, std::abs(row[5]));
      }
    }
    CHECK(measured.gram.as<float>()[static_cast<std::size_t>(5 * n + 2)] ==
          doctest::Approx(product).epsilon(1e-5));
    CHECK(measured.magnitude[5] == doctest::Approx(magnitude / 15).epsilon(1e-6));
    CHECK(measured.max[5] == highest);
  }
  CHECK(std::memcmp(state.hidden[1].data(), again.hidden[1].data(), again.hidden[1].bytes()) == 0);
  REQUIRE(stats.kept_inputs.size() == 2);
  const Tensor first = embed_windows(*backend, model.embedding, three_windows()).hidden[0];
  CHECK(std::memcmp(stats.kept_inputs[0].data(), first.data(), first.bytes()) == 0);
}

TEST_CASE("progress is told after each window, and a stop ends the block") {
  const auto backend = make_reference_backend();
  const Prepared model;
  CalibrationState state = embed_windows(*backend, model.embedding, three_windows());
  std::stop_source stop;
  std::vector<std::int64_t> told;
  const auto progress = [&](std::int64_t done, std::int64_t total) {
    told.push_back(done);
    CHECK(total == 3);
    if (done == 2) stop.request_stop();
  };
  try {
    calibrate_block(*backend, model.shape, model.block, state, stop.get_token(), progress);
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::Cancelled);
  }
  CHECK(told == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("an id past the embedding is refused before it is read") {
  const auto backend = make_reference_backend();
  const Prepared model;
  CHECK_THROWS_WITH_AS(embed_windows(*backend, model.embedding, {{{1, 300}}, 2, {}}),
                       "the calibration text has token 300, the embedding has 48 rows", Error);
}

TEST_CASE("an activation that is not finite is refused with its place") {
  const auto backend = make_reference_backend();
  Prepared model;
  model.block.attention_norm.as<float>()[7] = INFINITY;
  CalibrationState state = embed_windows(*backend, model.embedding, three_windows());
  CHECK_THROWS_WITH_AS(calibrate_block(*backend, model.shape, model.block, state, {}, {}),
                       doctest::Contains("the attention input is not finite in channel 7"), Error);
}
