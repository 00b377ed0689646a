// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/rms_norm.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "tests/kernels/device_array.h"
#include "tests/kernels/random_numbers.h"

using salient::f16_to_f32;
using salient::f32_to_f16;
using salient::tests::DeviceArray;
using salient::tests::normal_floats;
using salient::tests::relative_error;

TEST_CASE("rms_norm is what float64 says, as float and as half") {
  if (!salient::tests::has_cuda_device()) return;
  for (const std::size_t features : {1U, 7U, 576U, 4096U, 5003U}) {
    constexpr std::size_t kTokens = 3;
    const auto x = normal_floats(kTokens * features, 1, 3);
    const auto weight = normal_floats(features, 2);
    std::vector<double> reference;
    for (std::size_t i = 0; i < x.size(); ++i) {
      double sum = 0;
      const std::size_t row = i / features * features;
      for (std::size_t j = row; j < row + features; ++j) sum += static_cast<double>(x[j]) * x[j];
      const double mean = sum / static_cast<double>(features);
      reference.push_back(x[i] / std::sqrt(mean + 1e-5) * weight[i % features]);
    }
    const DeviceArray<float> device_x(x);
    const DeviceArray<float> device_weight(weight);
    DeviceArray<float> out(x.size());
    DeviceArray<std::uint16_t> half_out(x.size());
    salient::kernels::cuda::rms_norm(device_x.data(), device_weight.data(), kTokens,
                                     static_cast<std::int64_t>(features), 1e-5F, out.data(),
                                     half_out.data(), nullptr);
    const auto floats = out.host();
    INFO("features " << features);
    CHECK(relative_error(floats, reference) < 1e-6);
    std::vector<std::uint16_t> halves;
    for (const float number : floats) halves.push_back(f32_to_f16(number));
    CHECK(half_out.host() == halves);
  }
}

TEST_CASE("a half beyond its range is the largest half") {
  if (!salient::tests::has_cuda_device()) return;
  const DeviceArray<float> x(std::vector<float>{1, -1});
  const DeviceArray<float> weight(std::vector<float>{1e6F, 1e6F});
  DeviceArray<std::uint16_t> half_out(2);
  salient::kernels::cuda::rms_norm(x.data(), weight.data(), 1, 2, 0, nullptr, half_out.data(),
                                   nullptr);
  CHECK(f16_to_f32(half_out.host()[0]) == 65504.0F);
  CHECK(f16_to_f32(half_out.host()[1]) == -65504.0F);
}
