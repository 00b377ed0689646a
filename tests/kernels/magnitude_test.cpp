// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/magnitude.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

TEST_CASE("magnitudes add up over calls, the same bits every time") {
  if (!has_cuda_device()) return;
  const Device device;
  const std::pair<std::int64_t, std::int64_t> shapes[] = {{1, 1}, {7, 77}, {1500, 64}, {3000, 33}};
  for (const auto& [tokens, n] : shapes) {
    const auto x = random_matrix(tokens, n, 9, 1.0F, true);
    const DeviceArray<float> x_there(x);
    std::vector<double> sums[2];
    std::vector<float> peaks;
    for (auto& sum : sums) {
      DeviceArray<double> sum_there(std::vector<double>(size_of(n), 1.0));
      DeviceArray<float> max_there(std::vector<float>(size_of(n), 0.5F));
      DeviceArray<unsigned char> workspace(
          static_cast<std::size_t>(cuda::magnitude_workspace_bytes(tokens, n)));
      for (int call = 0; call < 2; ++call) {
        cuda::accumulate_magnitude(x_there.data(), tokens, n, sum_there.data(), max_there.data(),
                                   workspace.data(), device.stream());
      }
      device.wait();
      sum = sum_there.host();
      peaks = max_there.host();
    }
    CHECK(sums[0] == sums[1]);
    for (std::size_t j = 0; j < size_of(n); ++j) {
      double sum = 0;
      float peak = 0.5F;
      for (std::size_t i = j; i < x.size(); i += size_of(n)) {
        sum += static_cast<double>(std::abs(x[i]));
        peak = std::max(peak, std::abs(x[i]));
      }
      CHECK(sums[0][j] == doctest::Approx(1.0 + 2 * sum).epsilon(1e-13));
      CHECK(peaks[j] == peak);
    }
  }
}
