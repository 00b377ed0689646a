// SPDX-License-Identifier: Apache-2.0
// Statistics, rounding and losses of CpuBackend against the float64 loops.
#include <functional>
#include <numeric>

#include <doctest/doctest.h>

#include "engine/backend/cpu_backend.h"
#include "kernels/half.h"
#include "tests/backend/random_tensors.h"
#include "tests/backend/reference_backend.h"

using salient::Backend;
using salient::CpuBackend;
using salient::DType;
using salient::QuantizedMatrix;
using salient::QuantScheme;
using salient::RoundingProblem;
using salient::Symmetry;
using salient::Tensor;
using salient::tests::RandomTensors;
using salient::tests::relative_distance;
using salient::tests::same_bytes;

namespace {

void on_every_isa(const std::function<void(Backend&)>& test) {
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CAPTURE(salient::kernels::cpu::name_of(isa));
    CpuBackend backend(2, isa);
    test(backend);
  }
}

std::vector<QuantScheme> schemes() {
  std::vector<QuantScheme> all;
  for (const int bits : {2, 3, 4, 8}) {
    for (const std::int64_t group : {std::int64_t{32}, std::int64_t{64}, QuantScheme::kWholeRow}) {
      for (const Symmetry symmetry : {Symmetry::Asymmetric, Symmetry::Symmetric}) {
        all.push_back({.bits = bits, .group_size = group, .symmetry = symmetry});
      }
    }
  }
  return all;
}

Tensor zero_gram(std::int64_t n) {
  return Tensor::zeros(DType::F32, {n, n});
}

Tensor gram_of(Backend& backend, const Tensor& x) {
  Tensor gram = zero_gram(x.dim(1));
  backend.accumulate_gram(x, gram);
  return gram;
}

}  // namespace

TEST_CASE("the Gram matrix is the lower triangle of the float64 product") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(21);
    const auto reference = salient::tests::make_reference_backend();
    for (const std::int64_t n : {1, 7, 48, 100, 145}) {
      const Tensor x = random.outliers({300, n});
      const Tensor gram = gram_of(backend, x);
      CHECK(relative_distance(gram, gram_of(*reference, x)) < 1e-6);
    }
  });
}

TEST_CASE("the Gram matrix has the same bits for any number of threads") {
  RandomTensors random(22);
  const Tensor x = random.outliers({513, 200});
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CpuBackend one(1, isa);
    CpuBackend three(3, isa);
    CHECK(same_bytes(gram_of(one, x), gram_of(three, x)));
  }
}

TEST_CASE("magnitudes add up token by token") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(23);
    const auto reference = salient::tests::make_reference_backend();
    const Tensor x = random.outliers({65, 75});
    Tensor sum(DType::F64, {75}), max(DType::F32, {75});
    std::ranges::fill(sum.as<double>(), 0.5);
    std::ranges::fill(max.as<float>(), 1.0F);
    Tensor expected_sum = sum.clone(), expected_max = max.clone();
    backend.accumulate_magnitude(x, sum, max);
    reference->accumulate_magnitude(x, expected_sum, expected_max);
    CHECK(same_bytes(max, expected_max));
    CHECK(same_bytes(sum, expected_sum));
  });
}

TEST_CASE("row losses of any shape equal the float64 quadratic form") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(24);
    const auto reference = salient::tests::make_reference_backend();
    for (int round = 0; round < 8; ++round) {
      const std::int64_t n = random.whole(1, 220);
      const std::int64_t rows = random.whole(1, 40);
      const Tensor gram = gram_of(*reference, random.outliers({50, n}));
      const Tensor error = random.normal({rows, n}, 0.01F);
      std::vector<double> losses(static_cast<std::size_t>(rows));
      std::vector<double> expected(losses.size());
      backend.quadratic_form(error, gram, losses);
      reference->quadratic_form(error, gram, expected);
      for (std::size_t i = 0; i < losses.size(); ++i) {
        CHECK(losses[i] == doctest::Approx(expected[i]).epsilon(2e-5));
      }
    }
  });
}

TEST_CASE("codes, steps and zero points equal the reference for every scheme") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(25);
    const auto reference = salient::tests::make_reference_backend();
    for (const QuantScheme& scheme : schemes()) {
      CAPTURE(to_string(scheme));
      const Tensor weight = random.outliers({13, 150});
      std::vector<float> scales(150);
      for (float& s : scales) s = std::exp(random.normal({1}).as<float>()[0]);
      Tensor clip(DType::F32, {13, scheme.num_groups(150)});
      for (float& limit : clip.as<float>()) limit = 2.5F;
      const RoundingProblem problem{weight, scales, &clip, scheme};
      const QuantizedMatrix ours = backend.quantize(problem);
      const QuantizedMatrix theirs = reference->quantize(problem);
      CHECK(ours.steps == theirs.steps);
      CHECK(ours.zero_points == theirs.zero_points);
      // A quotient that float32 rounds onto a half may fall to the neighbouring code.
      int different = 0;
      for (std::size_t i = 0; i < ours.codes.size(); ++i) {
        different += ours.codes[i] != theirs.codes[i];
        CHECK(std::abs(ours.codes[i] - theirs.codes[i]) <= 1);
      }
      CHECK(different <= 2);
    }
  });
}

TEST_CASE("the rounding error is what the codes say") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(26);
    for (const QuantScheme& scheme : schemes()) {
      CAPTURE(to_string(scheme));
      const Tensor weight = random.outliers({9, 143});
      std::vector<float> scales(143);
      for (float& s : scales) s = std::exp(random.normal({1}).as<float>()[0]);
      const RoundingProblem problem{weight, scales, nullptr, scheme};
      Tensor error(DType::F32, weight.shape());
      backend.rounding_error(problem, error);
      Tensor expected = dequantize(backend.quantize(problem));
      for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
        float& value = expected.as<float>()[i];
        value = value / scales[i % 143] - weight.as<float>()[i];
      }
      CHECK(relative_distance(error, expected) < 1e-5);
    }
  });
}

TEST_CASE("constant, zero and tiny groups keep a usable step") {
  on_every_isa([](Backend& backend) {
    for (const float value : {0.0F, 1e-9F, 3.0F, -3.0F, 1e30F}) {
      Tensor weight(DType::F32, {1, 40});
      std::ranges::fill(weight.as<float>(), value);
      for (const int bits : {2, 3, 4, 8}) {
        const QuantizedMatrix matrix =
            backend.quantize({weight, {}, nullptr, {.bits = bits, .group_size = 32}});
        for (const std::uint16_t step : matrix.steps) {
          CHECK(salient::f16_to_f32(step) > 0);
          CHECK(std::isfinite(salient::f16_to_f32(step)));
        }
        for (const std::uint8_t code : matrix.codes) CHECK(code < (1 << bits));
      }
    }
  });
}

TEST_CASE("the clip search picks candidates as good as the reference's") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(27);
    const auto reference = salient::tests::make_reference_backend();
    for (const QuantScheme& scheme : schemes()) {
      CAPTURE(to_string(scheme));
      const Tensor weight = random.normal({21, 107});
      const Tensor gram = gram_of(*reference, random.outliers({60, 107}));
      Tensor clip(DType::F32, {21, scheme.num_groups(107)});
      Tensor expected(DType::F32, clip.shape());
      backend.clip_search(weight, gram, scheme, clip);
      reference->clip_search(weight, gram, scheme, expected);
      int different = 0;
      for (std::size_t i = 0; i < clip.as<float>().size(); ++i) {
        different += clip.as<float>()[i] != expected.as<float>()[i];
      }
      // Two candidates whose losses agree to float32 may change places.
      CHECK(different <= 1);
    }
  });
}

TEST_CASE("rounding has the same bits for any number of threads") {
  RandomTensors random(28);
  const Tensor weight = random.outliers({37, 1300});
  const QuantScheme scheme{.bits = 3, .group_size = 32};
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CpuBackend one(1, isa);
    CpuBackend three(3, isa);
    Tensor error(DType::F32, weight.shape());
    Tensor other(DType::F32, weight.shape());
    one.rounding_error({weight, {}, nullptr, scheme}, error);
    three.rounding_error({weight, {}, nullptr, scheme}, other);
    CHECK(same_bytes(error, other));
    CHECK(one.quantize({weight, {}, nullptr, scheme}).codes ==
          three.quantize({weight, {}, nullptr, scheme}).codes);
  }
}
