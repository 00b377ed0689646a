// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/step_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <doctest/doctest.h>

#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

namespace {

constexpr int kBins = 6144;
constexpr double kPerOctave = 512;

/// What the engine's statistics are made of, one group after the other.
struct Expected {
  std::vector<double> ratios, ratio_sums;
  std::vector<std::int64_t> salient, other;
  std::int64_t changed = 0;
  double median = 0;
};

double exact_step(double low, double high, const cuda::StepProblem& problem) {
  if (problem.grid == cuda::Grid::Symmetric) {
    return std::max(std::max(std::abs(low), std::abs(high)), 1e-5) / ((1 << problem.bits) / 2 - 1);
  }
  return std::max(high - low, 1e-5) / ((1 << problem.bits) - 1);
}

struct Host {
  std::vector<float> weight;
  std::vector<double> scales;
  std::vector<std::int32_t> fine;
  std::vector<std::uint8_t> salient;
};

Host host_case(std::int64_t rows, std::int64_t n, double spread) {
  Host host;
  host.weight = random_matrix(rows, n, 71, 0.02F, false);
  for (const float s : random_scales(n, 72)) {
    host.scales.push_back(std::pow(static_cast<double>(s), spread));
    host.fine.push_back(
        static_cast<std::int32_t>(std::lround(std::log2(host.scales.back()) * kPerOctave)));
    host.salient.push_back(host.salient.size() % 13 == 2 ? 1 : 0);
  }
  return host;
}

Expected expect(const cuda::StepProblem& problem, const Host& host) {
  Expected sums;
  sums.ratio_sums.assign(size_of(problem.num_groups()), 0.0);
  sums.salient.assign(kBins, 0);
  sums.other.assign(kBins, 0);
  const std::int64_t n = problem.in_features;
  for (std::int64_t o = 0; o < problem.out_features; ++o) {
    for (std::int64_t g = 0; g < problem.num_groups(); ++g) {
      const std::int64_t first = g * problem.group_size;
      const std::int64_t end = std::min(first + problem.group_size, n);
      double low = 1e300, high = -1e300, scaled_low = 1e300, scaled_high = -1e300;
      for (std::int64_t j = first; j < end; ++j) {
        const double w = static_cast<double>(host.weight[size_of(o, n) + size_of(j)]);
        low = std::min(low, w);
        high = std::max(high, w);
        scaled_low = std::min(scaled_low, w * host.scales[size_of(j)]);
        scaled_high = std::max(scaled_high, w * host.scales[size_of(j)]);
      }
      const double ratio =
          exact_step(scaled_low, scaled_high, problem) / exact_step(low, high, problem);
      sums.ratios.push_back(ratio);
      sums.ratio_sums[size_of(g)] += ratio;
      if (ratio != 1.0) ++sums.changed;
      const long fine = std::lround(std::log2(ratio) * kPerOctave) + kBins / 2;
      for (std::int64_t j = first; j < end; ++j) {
        const long bin = std::clamp<long>(fine - host.fine[size_of(j)], 0, kBins - 1);
        ++(host.salient[size_of(j)] != 0 ? sums.salient
                                         : sums.other)[static_cast<std::size_t>(bin)];
      }
    }
  }
  auto ratios = sums.ratios;
  const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  sums.median = *middle;
  return sums;
}

/// Weights that are in another bin: a log2 at the edge of one may fall on either side.
std::int64_t moved(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / 2;
}

}  // namespace

TEST_CASE("sums of steps are those of the engine's statistics") {
  if (!has_cuda_device()) return;
  const Device device;
  const RoundingShape shapes[] = {
      {70, 256, 128}, {9, 200, 128}, {33, 96, 32}, {20, 300, 300}, {1, 40, 40}};
  for (const RoundingShape& shape : shapes) {
    // Equal scales, usual ones, and ones so wide that ratios leave the histogram.
    for (const double spread : {0.0, 0.3, 3.0}) {
      for (const cuda::Grid grid : {cuda::Grid::Asymmetric, cuda::Grid::Symmetric}) {
        INFO("[" << shape.out_features << ", " << shape.in_features << "] group "
                 << shape.group_size << ", spread " << spread);
        const Host host = host_case(shape.out_features, shape.in_features, spread);
        const DeviceArray<float> weight(host.weight);
        const DeviceArray<double> scales(host.scales);
        const DeviceArray<std::int32_t> fine(host.fine);
        const DeviceArray<std::uint8_t> salient(host.salient);
        const cuda::StepProblem problem = {.weight = weight.data(),
                                           .out_features = shape.out_features,
                                           .in_features = shape.in_features,
                                           .scales = scales.data(),
                                           .fine_scales = fine.data(),
                                           .salient = salient.data(),
                                           .bits = 4,
                                           .group_size = shape.group_size,
                                           .grid = grid,
                                           .fine_bins = kBins,
                                           .fine_per_octave = kPerOctave};
        DeviceArray<double> ratio_sums(size_of(problem.num_groups())), median(1);
        DeviceArray<std::int64_t> changed(1), salient_counts(kBins), other_counts(kBins);
        DeviceArray<unsigned char> workspace(
            static_cast<std::size_t>(cuda::step_sums_workspace_bytes(
                shape.out_features, shape.in_features, shape.group_size)));
        cuda::step_sums(problem,
                        {ratio_sums.data(), changed.data(), median.data(), salient_counts.data(),
                         other_counts.data()},
                        workspace.data(), device.stream());
        device.wait();
        const Expected expected = expect(problem, host);
        CHECK(changed.host()[0] == expected.changed);
        CHECK(median.host()[0] == expected.median);
        const auto sums = ratio_sums.host();
        for (std::size_t g = 0; g < sums.size(); ++g) {
          CHECK(sums[g] == doctest::Approx(expected.ratio_sums[g]).epsilon(1e-12));
        }
        const auto found_salient = salient_counts.host(), found_other = other_counts.host();
        const auto total = [](const std::vector<std::int64_t>& counts) {
          return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
        };
        CHECK(total(found_salient) == total(expected.salient));
        CHECK(total(found_other) == total(expected.other));
        CHECK(moved(found_salient, expected.salient) == 0);
        CHECK(moved(found_other, expected.other) == 0);
      }
    }
  }
}
