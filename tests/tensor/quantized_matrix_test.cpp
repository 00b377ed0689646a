// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/quantized_matrix.h"

#include <doctest/doctest.h>

#include "engine/error.h"
#include "kernels/half.h"

using salient::QuantizedMatrix;
using salient::QuantScheme;

TEST_CASE("a ragged last group has a step of its own") {
  QuantizedMatrix matrix;
  matrix.scheme = {.bits = 4, .group_size = 32};
  matrix.out_features = 1;
  matrix.in_features = 40;
  REQUIRE(matrix.num_groups() == 2);
  matrix.codes.assign(40, 3);
  matrix.steps = {salient::f32_to_f16(0.5F), salient::f32_to_f16(2.0F)};
  matrix.zero_points = {1, 5};
  const salient::Tensor weights = salient::dequantize(matrix);
  CHECK(weights.as<float>()[0] == 1.0F);
  CHECK(weights.as<float>()[31] == 1.0F);
  CHECK(weights.as<float>()[32] == -4.0F);
  CHECK(weights.as<float>()[39] == -4.0F);
}

TEST_CASE("packed bytes count codes, float16 steps and zero points") {
  QuantizedMatrix matrix;
  matrix.scheme = {.bits = 4, .group_size = 64};
  matrix.out_features = 576;
  matrix.in_features = 576;
  CHECK(matrix.packed_bytes() == 576 * 576 / 2 + 576 * 9 * 2 + 576 * 9 / 2);
}

TEST_CASE("a scheme says what it does not know") {
  CHECK_THROWS_AS(validate(QuantScheme{.bits = 5}), salient::Error);
  CHECK_THROWS_AS(validate(QuantScheme{.bits = 4, .group_size = 48}), salient::Error);
  CHECK_NOTHROW(validate(QuantScheme{.bits = 8, .group_size = QuantScheme::kWholeRow}));
  CHECK(to_string(QuantScheme{.bits = 3, .group_size = 64}) == "3-bit g64");
}
