// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/distribution.h"

#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

TEST_CASE("KL of two known distributions is the textbook sum") {
  const std::vector<float> p = {std::log(0.5F), std::log(0.25F), std::log(0.25F)};
  const std::vector<float> q = {std::log(0.25F), std::log(0.25F), std::log(0.5F)};
  const double expected = 0.5 * std::log(2.0) + 0.25 * std::log(0.5);
  CHECK(salient::compare_rows(p, q).kl == doctest::Approx(expected).epsilon(1e-6));
  CHECK(salient::compare_rows(p, p).kl == 0.0);
}

TEST_CASE("rows far from zero stay finite and agree with the slow formula") {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(200.0F, 5.0F);
  std::vector<float> p(1000);
  std::vector<float> q(1000);
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = normal(random);
    q[i] = p[i] + 0.1F * (normal(random) - 200.0F);
  }
  const double zp = salient::log_sum_exp(p);
  const double zq = salient::log_sum_exp(q);
  double kl = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const double log_p = static_cast<double>(p[i]) - zp;
    kl += std::exp(log_p) * (log_p - (static_cast<double>(q[i]) - zq));
  }
  const auto rows = salient::compare_rows(p, q);
  CHECK(rows.kl == doctest::Approx(kl).epsilon(1e-9));
  CHECK(rows.p_log_sum == doctest::Approx(zp).epsilon(1e-12));
}

TEST_CASE("the likeliest tokens come best first with their probabilities") {
  const std::vector<float> logits = {0.0F, std::log(2.0F), std::log(2.0F), std::log(5.0F)};
  const auto top = salient::top_tokens(logits, 3);
  REQUIRE(top.size() == 3);
  CHECK(top[0].id == 3);
  CHECK(top[0].probability == doctest::Approx(0.5));
  CHECK(top[1].id == 1);
  CHECK(top[2].id == 2);
}
