// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/fold.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

TEST_CASE("weights are folded in the CPU's operations") {
  if (!has_cuda_device()) return;
  const Device device;
  const std::int64_t rows = 37, columns = 301;
  const auto weight = random_matrix(rows, columns, 1, 0.02F, true);
  const auto scales = random_scales(columns, 2), divisors = random_scales(rows, 3);
  const DeviceArray<float> weight_there(weight), scales_there(scales), divisors_there(divisors);
  for (int way = 0; way < 4; ++way) {
    const bool scaled = way % 2 == 1, divided = way >= 2;
    DeviceArray<float> out(weight.size());
    cuda::fold_weight(weight_there.data(), rows, columns, scaled ? scales_there.data() : nullptr,
                      divided ? divisors_there.data() : nullptr, out.data(), device.stream());
    device.wait();
    auto expected = weight;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (scaled) expected[i] *= scales[i % size_of(columns)];
      if (divided) expected[i] /= divisors[i / size_of(columns)];
    }
    CHECK(out.host() == expected);
  }
  DeviceArray<float> out(size_of(columns));
  cuda::divide(weight_there.data(), scales_there.data(), columns, out.data(), device.stream());
  device.wait();
  const auto found = out.host();
  for (std::size_t j = 0; j < found.size(); ++j) CHECK(found[j] == weight[j] / scales[j]);
}

TEST_CASE("a Gram matrix is folded below its diagonal and left alone above it") {
  if (!has_cuda_device()) return;
  const Device device;
  for (const std::int64_t n :
       {std::int64_t{1}, std::int64_t{32}, std::int64_t{77}, std::int64_t{300}}) {
    const auto gram = gram_of(random_matrix(40, n, 4, 1.0F, true), n);
    const auto scales = random_scales(n, 5);
    const DeviceArray<float> scales_there(scales);
    DeviceArray<float> there(gram);
    cuda::fold_gram(there.data(), scales_there.data(), n, there.data(), device.stream());
    device.wait();
    const auto found = there.host();
    int wrong = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        const float after = found[size_of(i, n) + size_of(j)];
        const float folded =
            gram[size_of(i, n) + size_of(j)] / (scales[size_of(i)] * scales[size_of(j)]);
        // Above the diagonal stands NaN, and has to stay.
        const bool right = j > i ? std::isnan(after) : after == folded;
        if (!right) ++wrong;
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("peaks are the largest magnitudes of rows and columns") {
  if (!has_cuda_device()) return;
  const Device device;
  const std::int64_t rows = 203, columns = 301;
  const auto weight = random_matrix(rows, columns, 6, 0.02F, true);
  const DeviceArray<float> weight_there(weight);
  std::vector<float> of_rows(size_of(rows), 0.0F), of_columns(size_of(columns), 0.0F);
  of_rows[3] = 100.0F;
  of_columns[5] = 100.0F;
  DeviceArray<float> rows_there(of_rows), columns_there(of_columns);
  cuda::raise_row_peaks(weight_there.data(), rows, columns, rows_there.data(), device.stream());
  cuda::raise_column_peaks(weight_there.data(), rows, columns, columns_there.data(),
                           device.stream());
  device.wait();
  for (std::size_t i = 0; i < weight.size(); ++i) {
    float& row = of_rows[i / size_of(columns)];
    float& column = of_columns[i % size_of(columns)];
    row = std::max(row, std::abs(weight[i]));
    column = std::max(column, std::abs(weight[i]));
  }
  CHECK(rows_there.host() == of_rows);
  CHECK(columns_there.host() == of_columns);
}
