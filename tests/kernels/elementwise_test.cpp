// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/elementwise.h"

#include <cmath>

#include <doctest/doctest.h>

#include "kernels/cuda/bandwidth.h"
#include "tests/kernels/device_array.h"
#include "tests/kernels/random_numbers.h"

using namespace salient::kernels::cuda;
using salient::f32_to_bf16;
using salient::f32_to_f16;
using salient::tests::DeviceArray;
using salient::tests::halves_of;
using salient::tests::normal_floats;
using salient::tests::relative_error;

TEST_CASE("an embedding row is the table's row, in every format") {
  if (!salient::tests::has_cuda_device()) return;
  constexpr std::size_t kVocab = 11;
  for (const std::size_t features : {5U, 576U}) {
    const auto table = normal_floats(kVocab * features, 3);
    const std::vector<std::int32_t> ids = {10, 0, 7, 7};
    const DeviceArray<std::int32_t> device_ids(ids);
    const auto count = static_cast<std::int64_t>(features);
    std::vector<std::uint16_t> brains;
    for (const float number : table) brains.push_back(f32_to_bf16(number));
    const DeviceArray<float> floats(table);
    const DeviceArray<std::uint16_t> halves(halves_of(table));
    const DeviceArray<std::uint16_t> bf16(brains);
    DeviceArray<float> out(ids.size() * features);
    const auto row_of = [&](std::size_t i) {
      return static_cast<std::size_t>(ids[i / features]) * features + i % features;
    };
    embedding(floats.data(), Number::F32, count, device_ids.data(), 4, out.data(), nullptr);
    const auto from_floats = out.host();
    embedding(halves.data(), Number::F16, count, device_ids.data(), 4, out.data(), nullptr);
    const auto from_halves = out.host();
    embedding(bf16.data(), Number::BF16, count, device_ids.data(), 4, out.data(), nullptr);
    const auto from_bf16 = out.host();
    for (std::size_t i = 0; i < out.size(); ++i) {
      REQUIRE(from_floats[i] == table[row_of(i)]);
      REQUIRE(from_halves[i] == salient::f16_to_f32(f32_to_f16(table[row_of(i)])));
      REQUIRE(from_bf16[i] == salient::bf16_to_f32(brains[row_of(i)]));
    }
  }
}

TEST_CASE("the gate, the residual and the conversion are what float64 says") {
  if (!salient::tests::has_cuda_device()) return;
  for (const std::size_t count : {1U, 3U, 1536U, 1000003U}) {
    const auto gate = normal_floats(count, 4, 4);
    const auto up = normal_floats(count, 5);
    std::vector<double> gated;
    std::vector<double> sum;
    for (std::size_t i = 0; i < count; ++i) {
      gated.push_back(gate[i] / (1 + std::exp(-static_cast<double>(gate[i]))) * up[i]);
      sum.push_back(static_cast<double>(gate[i]) + up[i]);
    }
    DeviceArray<float> x(gate);
    const DeviceArray<float> y(up);
    DeviceArray<float> out(count);
    DeviceArray<std::uint16_t> half_out(count);
    const auto n = static_cast<std::int64_t>(count);
    silu_mul(x.data(), y.data(), n, out.data(), half_out.data(), nullptr);
    CHECK(relative_error(out.host(), gated) < 1e-6);
    CHECK(half_out.host() == halves_of(out.host()));
    to_half(x.data(), n, half_out.data(), nullptr);
    CHECK(half_out.host() == halves_of(gate));
    add(x.data(), y.data(), n, nullptr);
    CHECK(relative_error(x.host(), sum) < 1e-6);
  }
}

TEST_CASE("conversion to half saturates and keeps the sign") {
  if (!salient::tests::has_cuda_device()) return;
  const DeviceArray<float> x(std::vector<float>{1e9F, -7e4F, 65504, -0.0F, 1e-9F});
  DeviceArray<std::uint16_t> out(5);
  to_half(x.data(), 5, out.data(), nullptr);
  CHECK(out.host() == std::vector<std::uint16_t>{0x7BFF, 0xFBFF, 0x7BFF, 0x8000, 0});
}

TEST_CASE("measured bandwidth is that of a card") {
  if (!salient::tests::has_cuda_device()) return;
  DeviceArray<std::uint8_t> buffer(std::size_t{1} << 28);
  const double read = read_bandwidth(buffer.data(), buffer.size(), nullptr);
  const double copied = copy_bandwidth(buffer.data(), buffer.size(), nullptr);
  CHECK(read > 1e11);
  CHECK(read < 2e13);
  CHECK(copied > 1e11);
  CHECK(copied < 2e13);
}
