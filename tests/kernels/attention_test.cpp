// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/attention.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "kernels/cuda/sampler.h"
#include "kernels/half.h"
#include "tests/kernels/device_array.h"
#include "tests/kernels/random_numbers.h"

using namespace salient::kernels::cuda;
using salient::f16_to_f32;
using salient::f32_to_f16;
using salient::tests::DeviceArray;
using salient::tests::halves_of;
using salient::tests::normal_floats;
using salient::tests::relative_error;

namespace {

struct Case {
  AttentionShape shape;
  std::int64_t tokens;
  std::int64_t position;
  std::int64_t capacity;
};

struct Inputs {
  std::vector<float> q, k, v, frequencies;
  std::vector<std::uint16_t> keys, values;  ///< rows below `position`, NaN behind

  explicit Inputs(const Case& c, std::uint32_t seed) {
    const auto size = [&](std::int64_t heads) {
      return static_cast<std::size_t>(c.tokens * heads * c.shape.head_dim);
    };
    q = normal_floats(size(c.shape.num_heads), seed, 2);
    k = normal_floats(size(c.shape.num_kv_heads), seed + 1);
    v = normal_floats(size(c.shape.num_kv_heads), seed + 2);
    for (std::int64_t i = 0; i < c.shape.head_dim / 2; ++i) {
      const double share = 2.0 * static_cast<double>(i) / static_cast<double>(c.shape.head_dim);
      frequencies.push_back(static_cast<float>(std::pow(10000.0, -share)));
    }
    const std::int64_t cached = c.shape.num_kv_heads * c.capacity * c.shape.head_dim;
    keys = halves_of(normal_floats(static_cast<std::size_t>(cached), seed + 3));
    values = halves_of(normal_floats(static_cast<std::size_t>(cached), seed + 4));
    for (std::int64_t i = 0; i < cached; ++i) {
      if (i / c.shape.head_dim % c.capacity < c.position) continue;
      keys[static_cast<std::size_t>(i)] = values[static_cast<std::size_t>(i)] = 0xFFFF;
    }
  }
};

/// [dim] of one head at a position, in float64.
std::vector<double> rotated(const float* row, const std::vector<float>& frequencies,
                            std::int64_t position) {
  const std::size_t half = frequencies.size();
  std::vector<double> out(2 * half);
  for (std::size_t i = 0; i < half; ++i) {
    const float angle = static_cast<float>(position) * frequencies[i];
    const double c = std::cos(static_cast<double>(angle));
    const double s = std::sin(static_cast<double>(angle));
    out[i] = row[i] * c - row[i + half] * s;
    out[i + half] = row[i + half] * c + row[i] * s;
  }
  return out;
}

class Reference {
 public:
  Reference(const Case& c, const Inputs& in) : c_(c), keys(in.keys), values(in.values) {
    const std::int64_t d = c.shape.head_dim;
    for (std::int64_t row = 0; row < c.tokens * c.shape.num_kv_heads; ++row) {
      const std::int64_t position = c.position + row / c.shape.num_kv_heads;
      const auto key = rotated(in.k.data() + row * d, in.frequencies, position);
      const std::int64_t to = (row % c.shape.num_kv_heads * c.capacity + position) * d;
      for (std::int64_t i = 0; i < d; ++i) {
        keys[static_cast<std::size_t>(to + i)] =
            f32_to_f16(static_cast<float>(key[static_cast<std::size_t>(i)]));
        values[static_cast<std::size_t>(to + i)] =
            f32_to_f16(in.v[static_cast<std::size_t>(row * d + i)]);
      }
    }
    for (std::int64_t row = 0; row < c.tokens * c.shape.num_heads; ++row) attend(in, row);
  }

 private:
  void attend(const Inputs& in, std::int64_t row) {
    const std::int64_t d = c_.shape.head_dim;
    const std::int64_t position = c_.position + row / c_.shape.num_heads;
    const auto q = rotated(in.q.data() + row * d, in.frequencies, position);
    const std::int64_t group = c_.shape.num_heads / c_.shape.num_kv_heads;
    const std::int64_t base = row % c_.shape.num_heads / group * c_.capacity * d;
    std::vector<double> weights;
    for (std::int64_t key = 0; key <= position; ++key) {
      double score = 0;
      for (std::int64_t i = 0; i < d; ++i) {
        score += q[static_cast<std::size_t>(i)] *
                 f16_to_f32(keys[static_cast<std::size_t>(base + key * d + i)]);
      }
      weights.push_back(score / std::sqrt(static_cast<double>(d)));
    }
    const double top = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) sum += weight = std::exp(weight - top);
    std::vector<double> mix(static_cast<std::size_t>(d));
    for (std::int64_t key = 0; key <= position; ++key) {
      for (std::int64_t i = 0; i < d; ++i) {
        mix[static_cast<std::size_t>(i)] +=
            weights[static_cast<std::size_t>(key)] / sum *
            f16_to_f32(values[static_cast<std::size_t>(base + key * d + i)]);
      }
    }
    out.insert(out.end(), mix.begin(), mix.end());
  }

  const Case& c_;

 public:
  std::vector<std::uint16_t> keys;
  std::vector<std::uint16_t> values;
  std::vector<double> out;  ///< [tokens, num_heads·head_dim]
};

struct Result {
  std::vector<float> out;
  std::vector<std::uint16_t> keys;
  std::vector<std::uint16_t> values;
};

Result run_on_device(const Case& c, const Inputs& in, std::int64_t bound) {
  const DeviceArray<float> q(in.q);
  const DeviceArray<float> k(in.k);
  const DeviceArray<float> v(in.v);
  const DeviceArray<float> frequencies(in.frequencies);
  const DeviceArray<std::int32_t> position(std::vector{static_cast<std::int32_t>(c.position)});
  DeviceArray<std::uint16_t> keys(in.keys);
  DeviceArray<std::uint16_t> values(in.values);
  DeviceArray<float> out(in.q.size());
  DeviceArray<std::uint8_t> workspace(
      std::vector<std::uint8_t>(attention_workspace_bytes(c.shape)));
  const AttentionProblem problem = {.shape = c.shape,
                                    .tokens = c.tokens,
                                    .q = q.data(),
                                    .k = k.data(),
                                    .v = v.data(),
                                    .inverse_frequencies = frequencies.data(),
                                    .position = position.data(),
                                    .keys = keys.data(),
                                    .values = values.data(),
                                    .capacity = c.capacity,
                                    .cached_bound = bound,
                                    .out = out.data(),
                                    .workspace = workspace.data()};
  attention(problem, nullptr);
  return {out.host(), keys.host(), values.host()};
}

/// Largest difference of two caches in units of half's last place at 1; rows that neither wrote
/// are NaN in both.
double cache_error(const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] == b[i]) continue;
    const double difference = std::abs(f16_to_f32(a[i]) - f16_to_f32(b[i]));
    if (std::isnan(difference)) return difference;
    most = std::max(most, difference);
  }
  return most * 1024;
}

void check_case(const Case& c, double tolerance) {
  INFO("heads " << c.shape.num_heads << " of " << c.shape.num_kv_heads << ", dim "
                << c.shape.head_dim << ", " << c.tokens << " tokens at " << c.position);
  const Inputs inputs(c, static_cast<std::uint32_t>(17 * c.position + c.tokens));
  const Reference reference(c, inputs);
  const Result result = run_on_device(c, inputs, c.capacity);
  CHECK(relative_error(result.out, reference.out) < tolerance);
  CHECK(cache_error(result.keys, reference.keys) <= 4);
  CHECK(cache_error(result.values, reference.values) == 0);
  CHECK(run_on_device(c, inputs, c.capacity).out == result.out);
  const Result tight = run_on_device(c, inputs, c.position + c.tokens);
  CHECK(relative_error(tight.out, reference.out) < tolerance);
}

const std::array kShapes = {
    AttentionShape{4, 4, 128}, AttentionShape{9, 3, 64},  AttentionShape{8, 2, 128},
    AttentionShape{8, 1, 80},  AttentionShape{6, 2, 96},  AttentionShape{2, 2, 48},
    AttentionShape{4, 1, 256}, AttentionShape{20, 2, 32}, AttentionShape{3, 3, 8},
    AttentionShape{2, 1, 192}, AttentionShape{32, 4, 64}};

}  // namespace

TEST_CASE("attention of one token is what float64 says, for every shape and depth") {
  if (!salient::tests::has_cuda_device()) return;
  for (const AttentionShape& shape : kShapes) {
    for (const std::int64_t position : {0, 1, 15, 16, 31, 500, 1777}) {
      check_case({shape, 1, position, position + 14}, 2e-4);
    }
  }
}

TEST_CASE("attention of a chunk is what float64 says, appended at any position") {
  if (!salient::tests::has_cuda_device()) return;
  for (const AttentionShape& shape : kShapes) {
    for (const std::int64_t position : {0, 1, 31, 500}) {
      check_case({shape, 17, position, position + 30}, 2e-3);
    }
    check_case({shape, 2, 77, 79}, 2e-3);
    check_case({shape, 150, 3, 160}, 2e-3);
  }
}

TEST_CASE("attention keeps its footing where scores are far from zero") {
  if (!salient::tests::has_cuda_device()) return;
  for (const std::int64_t tokens : {1, 40}) {
    const Case c = {{2, 1, 64}, tokens, 100, 160};
    Inputs inputs(c, 5);
    for (float& q : inputs.q) q *= 40;
    const Reference reference(c, inputs);
    const Result result = run_on_device(c, inputs, c.capacity);
    CHECK(relative_error(result.out, reference.out) < (tokens == 1 ? 1e-3 : 3e-2));
  }
}

TEST_CASE("one graph, replayed, follows the position on the device") {
  if (!salient::tests::has_cuda_device()) return;
  constexpr std::int64_t kSteps = 70;
  const Case all = {{6, 3, 64}, kSteps, 490, 600};
  Inputs inputs(all, 9);
  const auto repeat = [&](std::vector<float>& rows) {
    const std::size_t width = rows.size() / kSteps;
    for (std::size_t i = width; i < rows.size(); ++i) rows[i] = rows[i - width];
  };
  repeat(inputs.q);
  repeat(inputs.k);
  repeat(inputs.v);
  const Reference reference(all, inputs);

  const DeviceArray<float> q(inputs.q);
  const DeviceArray<float> k(inputs.k);
  const DeviceArray<float> v(inputs.v);
  const DeviceArray<float> frequencies(inputs.frequencies);
  DeviceArray<std::uint16_t> keys(inputs.keys);
  DeviceArray<std::uint16_t> values(inputs.values);
  DeviceArray<float> out(6 * 64);
  DeviceArray<std::uint8_t> workspace(
      std::vector<std::uint8_t>(attention_workspace_bytes(all.shape)));
  DeviceArray<std::int32_t> numbers(std::vector<std::int32_t>{0, 490, 0});
  DeviceArray<std::uint32_t> generated(std::vector<std::uint32_t>(1));
  DeviceArray<std::uint8_t> sampling(std::vector<std::uint8_t>(sampler_workspace_bytes(3)));
  SamplerState state = {};
  state.token = numbers.data();
  state.position = numbers.data() + 1;
  state.ring = numbers.data() + 2;
  state.ring_capacity = 1;
  state.generated = generated.data();
  const AttentionProblem problem = {.shape = all.shape,
                                    .tokens = 1,
                                    .q = q.data(),
                                    .k = k.data(),
                                    .v = v.data(),
                                    .inverse_frequencies = frequencies.data(),
                                    .position = state.position,
                                    .keys = keys.data(),
                                    .values = values.data(),
                                    .capacity = 600,
                                    .cached_bound = 600,
                                    .out = out.data(),
                                    .workspace = workspace.data()};
  cudaStream_t stream = nullptr;
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t replay = nullptr;
  check(cudaStreamCreate(&stream), "stream");
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
  for (int step = 0; step < 10; ++step) {
    attention(problem, stream, Dependency::Programmatic);
    sample(q.data(), 3, {}, state, sampling.data(), stream, Dependency::Programmatic);
  }
  check(cudaStreamEndCapture(stream, &graph), "capture");
  check(cudaGraphInstantiate(&replay, graph, 0), "instantiate");
  for (std::size_t tokens = 10; tokens <= kSteps; tokens += 10) {
    check(cudaGraphLaunch(replay, stream), "replay");
    check(cudaStreamSynchronize(stream), "replay");
    const auto last = reference.out.begin() + static_cast<std::ptrdiff_t>((tokens - 1) * 384);
    CHECK(relative_error(out.host(), std::vector<double>(last, last + 384)) < 2e-4);
  }
  CHECK(numbers.host()[1] == 490 + kSteps);
  CHECK(cache_error(keys.host(), reference.keys) <= 4);
  cudaGraphExecDestroy(replay);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

TEST_CASE("attention says which shapes it does not take") {
  AttentionProblem problem = {};
  problem.shape = {4, 2, 60};
  problem.tokens = problem.cached_bound = problem.capacity = 1;
  CHECK_THROWS_AS(attention(problem, nullptr), std::logic_error);
  problem.shape = {4, 3, 64};
  CHECK_THROWS_AS(attention(problem, nullptr), std::logic_error);
  problem.shape = {4, 2, 64};
  problem.cached_bound = 2;
  CHECK_THROWS_AS(attention(problem, nullptr), std::logic_error);
}
