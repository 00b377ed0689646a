// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/quadratic_form.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "kernels/cuda/fold.h"
#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

namespace {

/// A prepared correlation matrix with its memory.
struct Prepared {
  DeviceArray<float> gram;
  DeviceArray<std::uint16_t> matrix, rest;
  DeviceArray<float> root;
  cuda::Correlation correlation;

  Prepared(const std::vector<float>& host, std::int64_t n, cudaStream_t stream)
      : gram(host),
        matrix(static_cast<std::size_t>(cuda::correlation_bytes(n)) / 2),
        rest(matrix.size()),
        root(size_of(n)),
        correlation{matrix.data(), root.data(), n, rest.data()} {
    cuda::prepare_correlation(gram.data(), correlation, stream);
  }
};

std::vector<double> row_losses(const std::vector<float>& error, std::int64_t rows,
                               const std::vector<float>& gram, std::int64_t n) {
  std::vector<double> losses;
  for (std::int64_t o = 0; o < rows; ++o) {
    const float* row = error.data() + o * n;
    losses.push_back(quadratic(std::vector<double>(row, row + n), gram, n, 0));
  }
  return losses;
}

/// Every row within `tolerance` of itself, and none a NaN.
bool all_near(const std::vector<double>& found, const std::vector<double>& expected,
              double tolerance) {
  if (found.size() != expected.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!(std::abs(found[i] - expected[i]) <= tolerance * std::abs(expected[i]))) {
      MESSAGE("row " << i << ": " << found[i] << " for " << expected[i]);
      return false;
    }
  }
  return true;
}

/// Twenty candidates of alpha for a matrix with outlier channels.
struct Search {
  std::int64_t rows, n;
  int candidates = 20;
  std::vector<float> weight, x, gram, scales;

  Search(std::int64_t rows_, std::int64_t n_, unsigned seed) : rows(rows_), n(n_) {
    weight = random_matrix(rows, n, seed, 0.02F, false);
    x = random_matrix(2 * n, n, seed + 1, 1.0F, true);
    gram = gram_of(x, n);
    for (int c = 0; c < candidates; ++c) {
      for (std::int64_t j = 0; j < n; ++j) {
        const double energy = static_cast<double>(gram[size_of(j, n) + size_of(j)]);
        scales.push_back(
            static_cast<float>(std::pow(std::sqrt(energy / (2.0 * double(n))), c / 20.0)));
      }
    }
  }
  cuda::RoundingInput input(const float* w, const float* s, std::int64_t group) const {
    return {.weight = w,
            .out_features = rows,
            .in_features = n,
            .channel_scales = s,
            .clip = nullptr,
            .bits = 4,
            .group_size = group,
            .grid = cuda::Grid::Asymmetric};
  }
  /// [candidates, rows] in float64 from the CPU's errors.
  std::vector<double> expected(const Oracle& oracle, std::int64_t group) const {
    std::vector<double> losses;
    for (int c = 0; c < candidates; ++c) {
      const auto error = oracle.error(Oracle::input_of(
          input(nullptr, nullptr, group), weight.data(), scales.data() + c * n, nullptr));
      const auto own = row_losses(error, rows, gram, n);
      losses.insert(losses.end(), own.begin(), own.end());
    }
    return losses;
  }
};

std::vector<double> summed(const std::vector<double>& losses, std::int64_t rows) {
  std::vector<double> sums;
  for (std::size_t i = 0; i < losses.size(); i += size_of(rows)) {
    double sum = 0;
    for (std::size_t o = 0; o < size_of(rows); ++o) sum += losses[i + o];
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace

TEST_CASE("row losses are e G e in float64, to the precision of half correlations") {
  if (!has_cuda_device()) return;
  Device device;
  const std::pair<std::int64_t, std::int64_t> shapes[] = {
      {5, 64}, {130, 96}, {33, 300}, {3, 77}, {20, 1100}};
  for (const auto& [rows, n] : shapes) {
    INFO("[" << rows << ", " << n << "]");
    auto x = random_matrix(300, n, 3, 1.0F, true);
    for (std::size_t i = 5; i < x.size(); i += size_of(n)) x[i] = 0.0F;  // a dead channel
    const auto gram = gram_of(x, n);
    const auto error = random_matrix(rows, n, 4, 0.001F, false);
    const Prepared prepared(gram, n, device.stream());
    const DeviceArray<float> error_there(error);
    const auto expected = row_losses(error, rows, gram, n);
    for (const std::int64_t in_flight : {std::int64_t{64}, std::int64_t{4096}}) {
      const std::int64_t bytes = cuda::loss_workspace_bytes(n, in_flight);
      DeviceArray<unsigned char> workspace(static_cast<std::size_t>(bytes));
      DeviceArray<double> losses(size_of(rows));
      cuda::quadratic_form(device.matmul(), error_there.data(), rows, prepared.correlation,
                           losses.data(), {workspace.data(), bytes});
      device.wait();
      CHECK(all_near(losses.host(), expected, 2e-3));
      CHECK(summed(losses.host(), rows)[0] ==
            doctest::Approx(summed(expected, rows)[0]).epsilon(4e-4));
    }
  }
}

TEST_CASE("the losses of all candidates have float64's order") {
  if (!has_cuda_device()) return;
  Device device;
  const Oracle oracle;
  const std::pair<std::int64_t, std::int64_t> shapes[] = {{96, 256}, {50, 300}};
  for (const auto& [rows, n] : shapes) {
    for (const std::int64_t group : {std::int64_t{32}, std::int64_t{128}, n}) {
      INFO("[" << rows << ", " << n << "] group " << group);
      const Search search(rows, n, 11);
      const auto expected = search.expected(oracle, group);
      const auto expected_sums = summed(expected, rows);
      const Prepared prepared(search.gram, n, device.stream());
      const DeviceArray<float> weight(search.weight), scales(search.scales);
      // Pieces of rows, pieces of candidates, and everything at once.
      std::vector<double> first;
      for (const std::int64_t in_flight : {64, 640, 4096}) {
        const std::int64_t bytes = cuda::loss_workspace_bytes(n, in_flight);
        DeviceArray<unsigned char> workspace(static_cast<std::size_t>(bytes));
        DeviceArray<double> losses(20), rows_there(20 * size_of(rows));
        const cuda::CandidateLosses problem = {
            .input = search.input(weight.data(), scales.data(), group),
            .candidates = search.candidates,
            .losses = losses.data(),
            .row_losses = rows_there.data()};
        cuda::candidate_losses(device.matmul(), problem, prepared.correlation,
                               {workspace.data(), bytes});
        device.wait();
        const auto sums = losses.host();
        CHECK(all_near(sums, expected_sums, 2e-4));
        CHECK(all_near(rows_there.host(), expected, 5e-3));
        CHECK(std::min_element(sums.begin(), sums.end()) - sums.begin() ==
              std::min_element(expected_sums.begin(), expected_sums.end()) - expected_sums.begin());
        cuda::CandidateLosses again = problem;
        again.sum = cuda::Sum::Add;
        cuda::candidate_losses(device.matmul(), again, prepared.correlation,
                               {workspace.data(), bytes});
        device.wait();
        const auto twice = losses.host();
        for (std::size_t c = 0; c < twice.size(); ++c) {
          CHECK(twice[c] == doctest::Approx(2 * sums[c]).epsilon(1e-12));
        }
      }
    }
  }
}

TEST_CASE("split halves give every row to the precision of float32") {
  if (!has_cuda_device()) return;
  Device device;
  const Oracle oracle;
  const std::pair<std::int64_t, std::int64_t> shapes[] = {{70, 256}, {50, 300}, {9, 1100}};
  for (const auto& [rows, n] : shapes) {
    INFO("[" << rows << ", " << n << "]");
    Search search(rows, n, 12);
    search.candidates = 2;
    const auto expected = search.expected(oracle, 64);
    const Prepared prepared(search.gram, n, device.stream());
    const DeviceArray<float> weight(search.weight), scales(search.scales);
    for (const std::int64_t in_flight : {std::int64_t{64}, std::int64_t{512}}) {
      const std::int64_t bytes = cuda::loss_workspace_bytes(n, in_flight, cuda::Precision::Split);
      DeviceArray<unsigned char> workspace(static_cast<std::size_t>(bytes));
      DeviceArray<double> losses(2), of_rows(2 * size_of(rows)), of_weight(size_of(rows));
      cuda::candidate_losses(device.matmul(),
                             {.input = search.input(weight.data(), scales.data(), 64),
                              .candidates = 2,
                              .losses = losses.data(),
                              .row_losses = of_rows.data(),
                              .precision = cuda::Precision::Split},
                             prepared.correlation, {workspace.data(), bytes});
      cuda::quadratic_form(device.matmul(), weight.data(), rows, prepared.correlation,
                           of_weight.data(), {workspace.data(), bytes}, cuda::Precision::Split);
      device.wait();
      CHECK(all_near(of_rows.host(), expected, 2e-5));
      CHECK(all_near(losses.host(), summed(expected, rows), 5e-6));
      CHECK(all_near(of_weight.host(), row_losses(search.weight, rows, search.gram, n), 2e-5));
    }
  }
}

TEST_CASE("a folded Gram matrix has the same correlation") {
  if (!has_cuda_device()) return;
  Device device;
  const std::int64_t rows = 40, n = 160;
  const auto gram = gram_of(random_matrix(400, n, 21, 1.0F, true), n);
  const auto scales = random_scales(n, 22);
  const auto error = random_matrix(rows, n, 23, 0.001F, false);
  auto folded = gram;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      folded[size_of(i, n) + size_of(j)] /= scales[size_of(i)] * scales[size_of(j)];
    }
  }
  Prepared prepared(gram, n, device.stream());
  const DeviceArray<float> scales_there(scales), error_there(error);
  cuda::divide(prepared.root.data(), scales_there.data(), n, prepared.root.data(), device.stream());
  const std::int64_t bytes = cuda::loss_workspace_bytes(n, 64);
  DeviceArray<unsigned char> workspace(static_cast<std::size_t>(bytes));
  DeviceArray<double> losses(size_of(rows));
  cuda::quadratic_form(device.matmul(), error_there.data(), rows, prepared.correlation,
                       losses.data(), {workspace.data(), bytes});
  device.wait();
  CHECK(all_near(losses.host(), row_losses(error, rows, folded, n), 2e-3));
}

TEST_CASE("a number that is none makes its row's loss none") {
  if (!has_cuda_device()) return;
  Device device;
  const std::int64_t rows = 3, n = 64;
  const auto gram = gram_of(random_matrix(200, n, 31, 1.0F, false), n);
  auto error = random_matrix(rows, n, 32, 0.001F, false);
  error[size_of(n) + 7] = std::nanf("");
  const Prepared prepared(gram, n, device.stream());
  const DeviceArray<float> error_there(error);
  const std::int64_t bytes = cuda::loss_workspace_bytes(n, 64);
  DeviceArray<unsigned char> workspace(static_cast<std::size_t>(bytes));
  DeviceArray<double> losses(size_of(rows));
  cuda::quadratic_form(device.matmul(), error_there.data(), rows, prepared.correlation,
                       losses.data(), {workspace.data(), bytes});
  device.wait();
  const auto found = losses.host();
  CHECK(std::isfinite(found[0]));
  CHECK(std::isnan(found[1]));
  CHECK(std::isfinite(found[2]));
}
