// SPDX-License-Identifier: Apache-2.0
// Every stage of CpuBackend, for every instruction set of this machine, against the float64 loops.
#include "engine/backend/cpu_backend.h"

#include <array>
#include <functional>

#include <doctest/doctest.h>

#include "tests/backend/random_tensors.h"
#include "tests/backend/reference_backend.h"

using salient::Backend;
using salient::CpuBackend;
using salient::DenseLinear;
using salient::DType;
using salient::Linear;
using salient::Tensor;
using salient::tests::RandomTensors;
using salient::tests::relative_distance;
using salient::tests::same_bytes;

namespace {

constexpr double kFloat = 2e-6;

void on_every_isa(const std::function<void(Backend&)>& test) {
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    for (const int threads : {1, 2, 3}) {
      CAPTURE(salient::kernels::cpu::name_of(isa));
      CAPTURE(threads);
      CpuBackend backend(threads, isa);
      test(backend);
    }
  }
}

Linear random_linear(RandomTensors& random, std::int64_t out, std::int64_t in, DType dtype,
                     bool bias) {
  return DenseLinear{random.normal({out, in}).to(dtype), bias ? random.normal({out}) : Tensor()};
}

}  // namespace

TEST_CASE("a dense linear of any shape and type equals the float64 product") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(11);
    const auto reference = salient::tests::make_reference_backend();
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
      for (int round = 0; round < 6; ++round) {
        const std::int64_t tokens = random.whole(1, 40);
        const Linear linear = random_linear(random, random.whole(1, 200), random.whole(1, 700),
                                            dtype, round % 2 == 0);
        const Tensor x = random.outliers({tokens, in_features(linear)});
        Tensor y(DType::F32, {tokens, out_features(linear)});
        Tensor expected(DType::F32, y.shape());
        backend.linear(linear, x, y);
        reference->linear(linear, x, expected);
        CHECK(relative_distance(y, expected) < kFloat);

        Tensor residual = random.normal(y.shape());
        Tensor expected_residual = residual.clone();
        backend.linear_residual(linear, x, residual);
        reference->linear_residual(linear, x, expected_residual);
        CHECK(relative_distance(residual, expected_residual) < kFloat);
      }
    }
  });
}

TEST_CASE("a row alone has the bits it has in a batch, for any number of threads") {
  RandomTensors random(12);
  const Linear linear = random_linear(random, 131, 1100, DType::F16, true);
  const Tensor x = random.outliers({37, 1100});
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CpuBackend one(1, isa);
    CpuBackend two(2, isa);
    Tensor batch(DType::F32, {37, 131});
    Tensor other(DType::F32, {37, 131});
    one.linear(linear, x, batch);
    two.linear(linear, x, other);
    CHECK(same_bytes(batch, other));
    for (const std::int64_t t : {0, 8, 28}) {
      for (const std::int64_t few : {1, 2, 3, 4, 5, 9}) {
        Tensor alone(DType::F32, {few, 131});
        two.linear(linear, x.rows(t, t + few), alone);
        CHECK(same_bytes(alone, batch.rows(t, t + few)));
      }
    }
  }
}

TEST_CASE("norm and linears, gate and up, with and without the normed input") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(13);
    const auto reference = salient::tests::make_reference_backend();
    for (const std::int64_t tokens : {1, 5, 33}) {
      const Tensor x = random.outliers({tokens, 90});
      const Tensor weight = random.normal({90});
      const salient::Norm norm{weight, 1e-5F};
      const Linear a = random_linear(random, 150, 90, DType::F32, false);
      const Linear b = random_linear(random, 150, 90, DType::BF16, true);
      for (const bool wanted : {false, true}) {
        std::array<Tensor, 4> out;
        std::array<Tensor, 4> expected;
        for (std::size_t i = 0; i < 4; ++i) {
          out[i] = Tensor(DType::F32, {tokens, i < 3 ? 150 : 90});
          expected[i] = Tensor(DType::F32, out[i].shape());
        }
        const auto run = [&](Backend& on, std::array<Tensor, 4>& to) {
          const std::array targets = {salient::LinearTarget{a, to[0]},
                                      salient::LinearTarget{b, to[1]}};
          on.norm_linears(norm, x, targets, wanted ? &to[3] : nullptr);
          on.norm_gate_up(norm, x, a, b, salient::Activation::Silu, to[2],
                          wanted ? &to[3] : nullptr);
        };
        run(backend, out);
        run(*reference, expected);
        for (std::size_t i = 0; i < (wanted ? 4U : 3U); ++i) {
          CHECK(relative_distance(out[i], expected[i]) < 2 * kFloat);
        }
      }
    }
  });
}

TEST_CASE("embedding rows are exact in every type") {
  on_every_isa([](Backend& backend) {
    RandomTensors random(14);
    std::array<std::int32_t, 4> chosen = {3, 0, 18, 3};
    const Tensor ids = Tensor::view(DType::I32, {4}, chosen.data());
    for (const DType dtype : {DType::F32, DType::F16, DType::BF16}) {
      const Tensor table = random.normal({19, 53}).to(dtype);
      Tensor x(DType::F32, {4, 53});
      Tensor expected(DType::F32, {4, 53});
      backend.embed(table, ids, x);
      salient::tests::make_reference_backend()->embed(table, ids, expected);
      CHECK(same_bytes(x, expected));
    }
  });
}

namespace {

struct AttentionCase {
  std::int64_t heads, kv_heads, dim;
};

/// Feeds `tokens` tokens in calls of `lengths` and returns what comes out, [tokens, heads·dim].
Tensor attend(Backend& backend, const AttentionCase& c, const std::vector<std::int64_t>& lengths) {
  RandomTensors random(15);
  std::int64_t tokens = 0;
  for (const std::int64_t length : lengths) tokens += length;
  std::vector<float> frequencies;
  for (std::int64_t i = 0; i < c.dim / 2; ++i) {
    frequencies.push_back(std::pow(10000.0F, -2.0F * static_cast<float>(i) / float(c.dim)));
  }
  const salient::AttentionShape shape{c.heads, c.kv_heads, c.dim, frequencies};
  Tensor q = random.normal({tokens, c.heads * c.dim});
  Tensor k = random.normal({tokens, c.kv_heads * c.dim});
  const Tensor v = random.normal({tokens, c.kv_heads * c.dim});
  salient::KvLayer cache{Tensor(DType::F32, {c.kv_heads, tokens + 3, c.dim}),
                         Tensor(DType::F32, {c.kv_heads, tokens + 3, c.dim})};
  std::ranges::fill(cache.keys.as<float>(), std::nanf(""));
  std::ranges::fill(cache.values.as<float>(), std::nanf(""));
  Tensor out(DType::F32, q.shape());
  Tensor first = Tensor::zeros(DType::I32, {1});
  std::int64_t position = 0;
  for (const std::int64_t length : lengths) {
    first.as<std::int32_t>()[0] = static_cast<std::int32_t>(position);
    Tensor q_part = q.rows(position, position + length);
    Tensor k_part = k.rows(position, position + length);
    Tensor out_part = out.rows(position, position + length);
    backend.attention(shape, q_part, k_part, v.rows(position, position + length),
                      {first, position + length}, cache, out_part);
    position += length;
  }
  return out;
}

}  // namespace

TEST_CASE("attention equals the float64 loops for odd head sizes and grouped queries") {
  on_every_isa([](Backend& backend) {
    const auto reference = salient::tests::make_reference_backend();
    for (const AttentionCase c : {AttentionCase{9, 3, 64}, {4, 4, 8}, {8, 2, 80}, {2, 1, 36}}) {
      const Tensor expected = attend(*reference, c, {70});
      CHECK(relative_distance(attend(backend, c, {70}), expected) < 1e-5);
    }
  });
}

TEST_CASE("attention of a token does not depend on how the prompt was cut") {
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CpuBackend one(1, isa);
    CpuBackend two(2, isa);
    const AttentionCase c{6, 2, 48};
    const Tensor whole = attend(one, c, {150});
    CHECK(same_bytes(whole, attend(two, c, {150})));
    CHECK(same_bytes(whole, attend(two, c, {1, 96, 1, 1, 51})));
  }
}

TEST_CASE("a stage refuses shapes that do not fit") {
  CpuBackend backend(1, salient::kernels::cpu::Isa::Portable);
  RandomTensors random(16);
  const Linear linear = random_linear(random, 8, 16, DType::F32, false);
  Tensor y(DType::F32, {1, 8});
  CHECK_THROWS_AS(backend.linear(linear, random.normal({1, 15}), y), std::logic_error);
  CHECK_THROWS_AS(backend.linear(linear, random.normal({2, 16}), y), std::logic_error);
}
