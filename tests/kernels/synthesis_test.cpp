// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/synthesis.h"

#include <doctest/doctest.h>

#include "kernels/half.h"
#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

TEST_CASE("random numbers are normal, seeded, and the same in pieces") {
  if (!has_cuda_device()) return;
  const Device device;
  const std::int64_t count = 1 << 18;
  const DeviceArray<float> factors(std::vector<float>{1.0F, 0.0F, 2.0F, 1.0F});
  cuda::NormalNumbers numbers = {.seed = 5, .deviation = 0.02F, .mean = 0.1F};
  DeviceArray<float> whole(size_of(count)), pieces(size_of(count)), other(size_of(count));
  DeviceArray<std::uint16_t> half(size_of(count));
  cuda::fill_normal(whole.data(), count, numbers, device.stream());
  cuda::fill_normal(pieces.data(), 1000, numbers, device.stream());
  numbers.offset = 1000;
  cuda::fill_normal(pieces.data() + 1000, count - 1000, numbers, device.stream());
  numbers.offset = 0;
  cuda::fill_normal_half(half.data(), count, numbers, device.stream());
  numbers.seed = 6;
  numbers.column_factors = factors.data();
  numbers.columns = 4;
  cuda::fill_normal(other.data(), count, numbers, device.stream());
  device.wait();
  const auto values = whole.host();
  CHECK(pieces.host() == values);
  const auto rounded = half.host();
  double sum = 0, squares = 0, fourth = 0;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double z = (static_cast<double>(values[i]) - 0.1) / 0.02;
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    wrong += rounded[i] != f32_to_f16(values[i]);
  }
  CHECK(wrong == 0);
  CHECK(std::abs(sum / double(count)) < 0.01);
  CHECK(squares / double(count) == doctest::Approx(1.0).epsilon(0.02));
  CHECK(fourth / double(count) == doctest::Approx(3.0).epsilon(0.05));
  const auto scaled = other.host();
  CHECK(scaled[1] == 0.0F);
  CHECK(scaled[0] != values[0]);
}
