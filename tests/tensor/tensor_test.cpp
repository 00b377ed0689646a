// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/tensor.h"

#include <cstdint>
#include <stdexcept>

#include <doctest/doctest.h>

#include "engine/error.h"

using salient::DType;
using salient::Tensor;

TEST_CASE("rows view the memory of their tensor") {
  Tensor tensor = Tensor::zeros(DType::F32, {3, 2});
  Tensor middle = tensor.rows(1, 2);
  middle.as<float>()[1] = 7.0F;
  CHECK(tensor.as<float>()[3] == 7.0F);
  CHECK(salient::to_string(middle.shape()) == "[1, 2]");
  CHECK_THROWS_AS(tensor.rows(2, 4), std::logic_error);
}

TEST_CASE("memory is aligned to a cache line and a clone is apart") {
  Tensor tensor = Tensor::zeros(DType::U8, {5});
  CHECK(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64 == 0);
  Tensor copy = tensor.clone();
  copy.as<std::uint8_t>()[0] = 1;
  CHECK(tensor.as<std::uint8_t>()[0] == 0);
}

TEST_CASE("conversion rounds and the wrong element type is refused") {
  Tensor tensor = Tensor::zeros(DType::F32, {1});
  tensor.as<float>()[0] = 1.0F / 3.0F;
  const Tensor half = tensor.to(DType::F16);
  CHECK(half.as<std::uint16_t>()[0] == 0x3555);
  CHECK_THROWS_AS(half.as<float>(), std::logic_error);
}

TEST_CASE("a shape that overflows is an error, not memory") {
  CHECK_THROWS_AS(Tensor(DType::F32, {1LL << 40, 1LL << 40}), salient::Error);
  CHECK_THROWS_AS(Tensor(DType::F32, {-1}), salient::Error);
}
