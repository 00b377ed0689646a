// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/clip_search.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "kernels/cpu/clip_search.h"
#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

namespace {

float limit_of(float most, int candidate) {
  return static_cast<float>(static_cast<double>(most) * (1.0 - candidate / 20.0));
}

/// The loss of one group clipped to `limit`, in float64 from the CPU's rounding.
double loss_at(const Oracle& oracle, const cuda::ClipProblem& problem, const float* weight,
               const std::vector<float>& gram, std::int64_t first, std::int64_t count,
               float limit) {
  const cuda::RoundingInput input = {.weight = nullptr,
                                     .out_features = 1,
                                     .in_features = count,
                                     .channel_scales = nullptr,
                                     .clip = nullptr,
                                     .bits = problem.bits,
                                     .group_size = count,
                                     .grid = problem.grid};
  const auto error = oracle.error(Oracle::input_of(input, weight, nullptr, &limit));
  return quadratic({error.begin(), error.end()}, gram, problem.in_features, first);
}

/// Counts the groups whose chosen limit is no candidate or is worse than the best by more than
/// `tolerance` of its loss.
int wrong_groups(const Oracle& oracle, const cuda::ClipProblem& problem,
                 const std::vector<float>& weight, const std::vector<float>& gram,
                 const std::vector<float>& found, double tolerance) {
  int wrong = 0;
  const std::int64_t n = problem.in_features, groups = problem.num_groups();
  for (std::int64_t o = 0; o < problem.out_features; ++o) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const std::int64_t first = g * problem.group_size;
      const std::int64_t count = std::min(problem.group_size, n - first);
      const float* w = weight.data() + o * n + first;
      float most = 0;
      for (std::int64_t j = 0; j < count; ++j) most = std::max(most, std::abs(w[j]));
      double least = 0, chosen = -1;
      for (int c = 0; c < cuda::kClipCandidates; ++c) {
        const float limit = limit_of(most, c);
        const double loss = loss_at(oracle, problem, w, gram, first, count, limit);
        least = c == 0 ? loss : std::min(least, loss);
        if (limit == found[size_of(o, groups) + size_of(g)]) chosen = loss;
      }
      if (!(chosen >= 0 && chosen <= least * (1 + tolerance))) ++wrong;
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("the clip of every group is float64's best, or ties with it") {
  if (!has_cuda_device()) return;
  Device device;
  const Oracle oracle;
  std::size_t all = 0, others = 0;
  const RoundingShape shapes[] = {{19, 256, 128}, {9, 200, 128},  {8, 192, 64}, {11, 100, 32},
                                  {5, 77, 32},    {10, 300, 300}, {7, 48, 48}};
  for (const RoundingShape& shape : shapes) {
    for (const int bits : {2, 3, 4, 8}) {
      for (const cuda::Grid grid : {cuda::Grid::Asymmetric, cuda::Grid::Symmetric}) {
        INFO("[" << shape.out_features << ", " << shape.in_features << "] group "
                 << shape.group_size << ", " << bits << " bits, symmetric "
                 << (grid == cuda::Grid::Symmetric));
        const std::int64_t n = shape.in_features;
        const auto weight = random_matrix(shape.out_features, n, 41, 0.02F, false);
        const auto gram = gram_of(random_matrix(2 * n, n, 42, 1.0F, true), n);
        const DeviceArray<float> weight_there(weight), gram_there(gram);
        const std::int64_t groups = (n + shape.group_size - 1) / shape.group_size;
        DeviceArray<float> clip(size_of(shape.out_features, groups));
        const cuda::ClipProblem problem = {.weight = weight_there.data(),
                                           .out_features = shape.out_features,
                                           .in_features = n,
                                           .gram = gram_there.data(),
                                           .channel_scales = nullptr,
                                           .bits = bits,
                                           .group_size = shape.group_size,
                                           .grid = grid,
                                           .max_abs = clip.data()};
        DeviceArray<unsigned char> workspace(static_cast<std::size_t>(
            cuda::clip_search_workspace_bytes(shape.out_features, n, shape.group_size)));
        cuda::clip_search(device.matmul(), problem, workspace.data());
        device.wait();
        const auto found = clip.host();
        // A whole row goes through half correlations.
        const double tolerance = shape.group_size > 128 ? 5e-3 : 1e-5;
        CHECK(wrong_groups(oracle, problem, weight, gram, found, tolerance) == 0);
        if (shape.group_size > 128) continue;
        std::vector<float> expected(found.size());
        cpu::clip_search(
            oracle.cpu(),
            {.weight = weight.data(),
             .out_features = shape.out_features,
             .in_features = n,
             .gram = gram.data(),
             .bits = bits,
             .group_size = shape.group_size,
             .grid = grid == cuda::Grid::Symmetric ? cpu::Grid::Symmetric : cpu::Grid::Asymmetric,
             .max_abs = expected.data(),
             .packed = nullptr});
        std::size_t different = 0;
        for (std::size_t i = 0; i < found.size(); ++i) different += found[i] != expected[i];
        CHECK(different <= 1 + found.size() / 50);
        all += found.size();
        others += different;
      }
    }
  }
  MESSAGE(others << " of " << all << " groups have another clip than on the CPU");
}

TEST_CASE("a fold in the clip search is the fold of the Gram matrix") {
  if (!has_cuda_device()) return;
  Device device;
  const std::int64_t rows = 21, n = 256;
  const auto weight = random_matrix(rows, n, 51, 0.02F, false);
  const auto gram = gram_of(random_matrix(500, n, 52, 1.0F, true), n);
  const auto scales = random_scales(n, 53);
  auto folded = gram;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      folded[size_of(i, n) + size_of(j)] /= scales[size_of(i)] * scales[size_of(j)];
    }
  }
  const DeviceArray<float> weight_there(weight), gram_there(gram), folded_there(folded),
      scales_there(scales);
  for (const std::int64_t group : {std::int64_t{64}, n}) {
    std::vector<float> found[2];
    for (int way = 0; way < 2; ++way) {
      DeviceArray<float> clip(size_of(rows, (n + group - 1) / group));
      DeviceArray<unsigned char> workspace(
          static_cast<std::size_t>(cuda::clip_search_workspace_bytes(rows, n, group)));
      cuda::clip_search(device.matmul(),
                        {.weight = weight_there.data(),
                         .out_features = rows,
                         .in_features = n,
                         .gram = way == 0 ? gram_there.data() : folded_there.data(),
                         .channel_scales = way == 0 ? scales_there.data() : nullptr,
                         .bits = 4,
                         .group_size = group,
                         .grid = cuda::Grid::Asymmetric,
                         .max_abs = clip.data()},
                        workspace.data());
      device.wait();
      found[way] = clip.host();
    }
    std::size_t different = 0;
    for (std::size_t i = 0; i < found[0].size(); ++i) different += found[0][i] != found[1][i];
    CHECK(different <= (group == n ? 2U : 0U));
  }
}
