// SPDX-License-Identifier: Apache-2.0
// Packed linears of every bit width, group size and instruction set against float64 products of the
// dequantized matrix.
#include <functional>
#include <optional>

#include <doctest/doctest.h>

#include "engine/backend/cpu_backend.h"
#include "kernels/half.h"
#include "tests/backend/random_tensors.h"
#include "tests/backend/reference_backend.h"

using salient::ActivationPrecision;
using salient::CpuBackend;
using salient::DenseLinear;
using salient::DType;
using salient::Linear;
using salient::PackedLinear;
using salient::QuantizedMatrix;
using salient::QuantScheme;
using salient::Tensor;
using salient::tests::RandomTensors;
using salient::tests::relative_distance;
using salient::tests::same_bytes;

namespace {

QuantizedMatrix random_matrix(RandomTensors& random, std::int64_t out, std::int64_t in,
                              const QuantScheme& scheme) {
  QuantizedMatrix matrix;
  matrix.scheme = scheme;
  matrix.out_features = out;
  matrix.in_features = in;
  for (std::int64_t i = 0; i < out * in; ++i) {
    matrix.codes.push_back(static_cast<std::uint8_t>(random.whole(0, scheme.levels() - 1)));
  }
  for (std::int64_t i = 0; i < out * matrix.num_groups(); ++i) {
    matrix.steps.push_back(salient::f32_to_f16(static_cast<float>(random.whole(1, 100)) * 1e-3F));
    matrix.zero_points.push_back(static_cast<std::uint8_t>(random.whole(0, scheme.levels() - 1)));
  }
  return matrix;
}

struct Shape {
  std::int64_t out, in, group;
};

const std::vector<Shape> kShapes = {{16, 32, 32},  {48, 576, 64},   {33, 576, 128},
                                    {5, 100, 32},  {7, 100, 0},     {50, 300, 0},
                                    {16, 64, 128}, {131, 1536, 64}, {17, 1000, 128}};

void on_everything(const std::function<void(CpuBackend&, const QuantizedMatrix&)>& test) {
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CpuBackend backend(2, isa);
    CAPTURE(salient::kernels::cpu::name_of(isa));
    for (const int bits : {2, 3, 4, 8}) {
      RandomTensors random(31);
      for (const Shape& shape : kShapes) {
        CAPTURE(bits);
        CAPTURE(shape.out);
        CAPTURE(shape.in);
        CAPTURE(shape.group);
        test(backend,
             random_matrix(random, shape.out, shape.in, {.bits = bits, .group_size = shape.group}));
      }
    }
  }
}

}  // namespace

TEST_CASE("an exact packed linear equals the float64 product to float32 rounding") {
  const auto reference = salient::tests::make_reference_backend();
  on_everything([&](CpuBackend& backend, const QuantizedMatrix& matrix) {
    RandomTensors random(32);
    const Tensor bias = random.normal({matrix.out_features});
    const Linear packed = backend.pack(matrix, bias);
    const Linear dense = DenseLinear{dequantize(matrix), bias};
    for (const std::int64_t tokens : {1, 3, 11}) {
      const Tensor x = random.outliers({tokens, matrix.in_features});
      Tensor y(DType::F32, {tokens, matrix.out_features});
      Tensor expected(DType::F32, y.shape());
      backend.linear(packed, x, y);
      reference->linear(dense, x, expected);
      CHECK(relative_distance(y, expected) < 2e-6);
    }
  });
}

TEST_CASE("eight-bit activations stay within their rounding") {
  const auto reference = salient::tests::make_reference_backend();
  on_everything([&](CpuBackend& backend, const QuantizedMatrix& matrix) {
    RandomTensors random(33);
    backend.set_activation_precision(ActivationPrecision::Int8);
    const Linear packed = backend.pack(matrix, Tensor());
    const Linear dense = DenseLinear{dequantize(matrix), Tensor()};
    const Tensor x = random.normal({9, matrix.in_features});
    Tensor y(DType::F32, {9, matrix.out_features});
    Tensor expected(DType::F32, y.shape());
    backend.linear(packed, x, y);
    reference->linear(dense, x, expected);
    const double distance = relative_distance(y, expected);
    CHECK(distance < 0.03);
    CHECK(distance > 1e-5);
  });
}

TEST_CASE("a row alone has a batch's bits, on every instruction set and thread count") {
  RandomTensors random(34);
  for (const int bits : {2, 3, 4, 8}) {
    const QuantizedMatrix matrix = random_matrix(random, 77, 328, {.bits = bits, .group_size = 64});
    const Tensor x = random.outliers({13, 328});
    for (const ActivationPrecision precision :
         {ActivationPrecision::Exact, ActivationPrecision::Int8}) {
      std::optional<Tensor> first;
      for (const auto isa : salient::kernels::cpu::supported_isas()) {
        for (const int threads : {1, 3}) {
          CpuBackend backend(threads, isa);
          backend.set_activation_precision(precision);
          const Linear packed = backend.pack(matrix, Tensor());
          Tensor batch(DType::F32, {13, 77});
          backend.linear(packed, x, batch);
          if (!first) first = batch;
          CHECK(same_bytes(batch, *first));
          Tensor alone(DType::F32, {1, 77});
          backend.linear(packed, x.rows(6, 7), alone);
          CHECK(same_bytes(alone, batch.rows(6, 7)));
        }
      }
    }
  }
}

TEST_CASE("a packed embedding gives the dequantized rows") {
  on_everything([](CpuBackend& backend, const QuantizedMatrix& matrix) {
    const PackedLinear table = backend.pack(matrix, Tensor());
    std::array<std::int32_t, 2> ids = {static_cast<std::int32_t>(matrix.out_features - 1), 0};
    Tensor x(DType::F32, {2, matrix.in_features});
    backend.embed_packed(table, Tensor::view(DType::I32, {2}, ids.data()), x);
    const Tensor rows = dequantize(matrix);
    CHECK(same_bytes(x.rows(0, 1), rows.rows(ids[0], ids[0] + 1)));
    CHECK(same_bytes(x.rows(1, 2), rows.rows(0, 1)));
  });
}

TEST_CASE("stages on packed linears equal the same stages on their dequantized weights") {
  RandomTensors random(35);
  const auto reference = salient::tests::make_reference_backend();
  for (const auto isa : salient::kernels::cpu::supported_isas()) {
    CpuBackend backend(2, isa);
    const QuantScheme scheme{.bits = 4, .group_size = 32};
    const QuantizedMatrix a = random_matrix(random, 150, 96, scheme);
    const QuantizedMatrix b = random_matrix(random, 150, 96, scheme);
    const Linear packed_a = backend.pack(a, Tensor());
    const Linear packed_b = backend.pack(b, Tensor());
    const Linear dense_a = DenseLinear{dequantize(a), Tensor()};
    const Linear dense_b = DenseLinear{dequantize(b), Tensor()};
    const Tensor weight = random.normal({96});
    for (const std::int64_t tokens : {1, 4, 20}) {
      const Tensor x = random.outliers({tokens, 96});
      std::array<Tensor, 3> y;
      std::array<Tensor, 3> expected;
      for (std::size_t i = 0; i < 3; ++i) {
        y[i] = Tensor(DType::F32, {tokens, 150});
        expected[i] = Tensor(DType::F32, {tokens, 150});
      }
      const auto run = [&](salient::Backend& on, const Linear& first, const Linear& second,
                           std::array<Tensor, 3>& to) {
        const std::array targets = {salient::LinearTarget{first, to[0]},
                                    salient::LinearTarget{second, to[1]}};
        on.norm_linears({weight, 1e-5F}, x, targets, nullptr);
        on.norm_gate_up({weight, 1e-5F}, x, first, second, salient::Activation::Silu, to[2],
                        nullptr);
      };
      run(backend, packed_a, packed_b, y);
      run(*reference, dense_a, dense_b, expected);
      for (std::size_t i = 0; i < 3; ++i) CHECK(relative_distance(y[i], expected[i]) < 4e-6);
      run(backend, packed_a, dense_b, y);
      for (std::size_t i = 0; i < 3; ++i) CHECK(relative_distance(y[i], expected[i]) < 4e-6);
    }
  }
}
