// SPDX-License-Identifier: Apache-2.0
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "engine/checkpoint/awq_tensors.h"
#include "engine/checkpoint/run_tensors.h"
#include "engine/error.h"
#include "kernels/half.h"

using salient::AwqTensors;
using salient::QuantizedMatrix;
using salient::QuantScheme;
using salient::RunTensors;

namespace {

QuantizedMatrix random_matrix(std::int64_t out, std::int64_t in, const QuantScheme& scheme) {
  std::mt19937 random(static_cast<unsigned>(out * 1000 + in * 10 + scheme.bits));
  QuantizedMatrix matrix;
  matrix.scheme = scheme;
  matrix.out_features = out;
  matrix.in_features = in;
  const auto levels = static_cast<unsigned>(scheme.levels());
  matrix.codes.resize(static_cast<std::size_t>(out * in));
  for (auto& code : matrix.codes) code = static_cast<std::uint8_t>(random() % levels);
  const auto groups = static_cast<std::size_t>(out * matrix.num_groups());
  for (std::size_t i = 0; i < groups; ++i) {
    const auto step = static_cast<float>(1 + random() % 1000) / 4096.0F;
    matrix.steps.push_back(salient::f32_to_f16(step));
    matrix.zero_points.push_back(static_cast<std::uint8_t>(random() % levels));
  }
  return matrix;
}

void check_same(const QuantizedMatrix& a, const QuantizedMatrix& b) {
  CHECK(a.out_features == b.out_features);
  CHECK(a.in_features == b.in_features);
  CHECK(a.codes == b.codes);
  CHECK(a.steps == b.steps);
  CHECK(a.zero_points == b.zero_points);
}

/// The sentence of the Error that `call` throws, or "".
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const salient::Error& error) {
    CHECK(error.kind() == salient::ErrorKind::BadInput);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("AWQ words hold eight outputs in the order 0 2 4 6 1 3 5 7") {
  QuantizedMatrix matrix;
  matrix.scheme = {.bits = 4, .group_size = 32};
  matrix.out_features = 8;
  matrix.in_features = 32;
  matrix.codes.assign(8 * 32, 0);
  for (std::size_t o = 0; o < 8; ++o) matrix.codes[o * 32] = static_cast<std::uint8_t>(o);
  matrix.codes[7 * 32 + 31] = 15;
  for (int o = 0; o < 8; ++o) {
    matrix.steps.push_back(static_cast<std::uint16_t>(0x3C00 + o));
    matrix.zero_points.push_back(static_cast<std::uint8_t>(15 - o));
  }
  const AwqTensors tensors = salient::to_awq(matrix);
  REQUIRE(tensors.qweight.shape() == salient::Shape{32, 1});
  CHECK(tensors.qweight.as<std::uint32_t>()[0] == 0x75316420U);
  CHECK(tensors.qweight.as<std::uint32_t>()[31] == 0xF0000000U);
  CHECK(tensors.qzeros.as<std::uint32_t>()[0] == 0x8ACE9BDFU);
  CHECK(tensors.scales.as<std::uint16_t>()[3] == 0x3C03);
}

TEST_CASE("AWQ tensors give back the codes, steps and zero points they were made from") {
  for (const std::int64_t group : {32, 64, 128, 0}) {
    const QuantizedMatrix matrix = random_matrix(24, 256, {.bits = 4, .group_size = group});
    check_same(matrix, salient::from_awq("l", salient::to_awq(matrix), matrix.scheme));
  }
}

TEST_CASE("run tensors put codes into one bit stream per row") {
  QuantizedMatrix matrix = random_matrix(1, 5, {.bits = 3, .group_size = 32});
  matrix.codes = {1, 2, 3, 4, 5};
  const RunTensors tensors = salient::to_run(matrix);
  REQUIRE(tensors.codes.shape() == salient::Shape{1, 2});
  // 101 100 011 010 001, low bits first: 0101 1000 1101 0001.
  CHECK(tensors.codes.as<std::uint8_t>()[0] == 0xD1);
  CHECK(tensors.codes.as<std::uint8_t>()[1] == 0x58);
}

TEST_CASE("run tensors give back every bit width and ragged group") {
  for (const int bits : {2, 3, 4, 8}) {
    for (const std::int64_t group : {32, 64, 0}) {
      for (const std::int64_t in : {7, 40, 100, 129}) {
        const QuantizedMatrix matrix = random_matrix(5, in, {.bits = bits, .group_size = group});
        check_same(matrix, salient::from_run("l", salient::to_run(matrix), matrix.scheme, in));
      }
    }
  }
}

TEST_CASE("stored matrices that do not fit are refused by name") {
  const QuantizedMatrix matrix = random_matrix(16, 64, {.bits = 4, .group_size = 32});
  AwqTensors awq = salient::to_awq(matrix);
  CHECK(error_of([&] { salient::from_awq("a.b", awq, {.bits = 4, .group_size = 64}); }) ==
        "a.b.qzeros has shape [2, 2], [1, 2] expected");
  awq.scales.as<std::uint16_t>()[1] = 0x7C00;
  CHECK(error_of([&] { salient::from_awq("a.b", awq, matrix.scheme); }) ==
        "a.b, row 1, group 0: the step is not a finite number above 0");
  std::swap(awq.qweight, awq.scales);
  CHECK(error_of([&] { salient::from_awq("a.b", awq, matrix.scheme); }) ==
        "a.b.qweight is float16, int32 expected");

  RunTensors run = salient::to_run(matrix);
  CHECK(error_of([&] { salient::from_run("a.b", run, matrix.scheme, 65); }) ==
        "a.b.codes has shape [16, 32], [16, 33] expected");
  run.zero_points.as<std::uint8_t>()[3] = 16;
  CHECK(error_of([&] { salient::from_run("a.b", run, matrix.scheme, 64); }) ==
        "a.b, row 1, group 1: zero point 16 with 16 levels");
}
