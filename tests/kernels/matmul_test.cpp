// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/matmul.h"

#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "kernels/cuda/gram.h"
#include "kernels/half.h"
#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

namespace {

/// Numbers as they are stored, and the float32 that each is.
struct Stored {
  std::vector<unsigned char> bytes;
  std::vector<float> values;
};

Stored store(const std::vector<float>& values, cuda::Number number) {
  Stored stored;
  stored.values = values;
  const std::size_t each = number == cuda::Number::F32 ? 4 : 2;
  stored.bytes.resize(values.size() * each);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool half = number == cuda::Number::F16;
    const std::uint16_t bits = half ? f32_to_f16(values[i]) : f32_to_bf16(values[i]);
    if (each == 2) stored.values[i] = half ? f16_to_f32(bits) : bf16_to_f32(bits);
    const void* from = each == 2 ? static_cast<const void*>(&bits) : &values[i];
    std::memcpy(stored.bytes.data() + i * each, from, each);
  }
  return stored;
}

/// ‖found − expected‖ / ‖expected‖ for x wᵀ (+ 1 where it was added).
double relative_error(const std::vector<float>& found, const Stored& x, const Stored& w,
                      std::int64_t m, std::int64_t n, std::int64_t k, double before) {
  double difference = 0, norm = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = before;
      for (std::int64_t t = 0; t < k; ++t) {
        sum += static_cast<double>(x.values[size_of(i, k) + size_of(t)]) *
               static_cast<double>(w.values[size_of(j, k) + size_of(t)]);
      }
      difference += std::pow(sum - static_cast<double>(found[size_of(i, n) + size_of(j)]), 2);
      norm += sum * sum;
    }
  }
  return std::sqrt(difference / norm);
}

}  // namespace

TEST_CASE("a product is x w transposed in every number, replaced or added") {
  if (!has_cuda_device()) return;
  Device device;
  const std::int64_t shapes[][3] = {{1, 64, 64}, {33, 48, 72}, {130, 77, 51}};
  struct Way {
    cuda::Number number;
    cuda::FloatProduct product;
    double tolerance;
  };
  const Way ways[] = {{cuda::Number::F16, cuda::FloatProduct::Tf32, 1e-6},
                      {cuda::Number::BF16, cuda::FloatProduct::Tf32, 1e-6},
                      {cuda::Number::F32, cuda::FloatProduct::Tf32, 1.5e-3},
                      {cuda::Number::F32, cuda::FloatProduct::Full, 1e-6}};
  for (const auto& [m, n, k] : shapes) {
    for (const Way& way : ways) {
      for (const cuda::Sum sum : {cuda::Sum::Replace, cuda::Sum::Add}) {
        const Stored x = store(random_matrix(m, k, 1, 1.0F, false), way.number);
        const Stored w = store(random_matrix(n, k, 2, 1.0F, false), way.number);
        const DeviceArray<unsigned char> x_there(x.bytes), w_there(w.bytes);
        DeviceArray<float> out(std::vector<float>(size_of(m, n), 1.0F));
        device.matmul().product({.x = x_there.data(),
                                 .w = w_there.data(),
                                 .out = out.data(),
                                 .m = m,
                                 .n = n,
                                 .k = k,
                                 .in = way.number,
                                 .sum = sum,
                                 .float_product = way.product});
        device.wait();
        const double before = sum == cuda::Sum::Add ? 1.0 : 0.0;
        CHECK(relative_error(out.host(), x, w, m, n, k, before) < way.tolerance);
      }
    }
  }
}

TEST_CASE("Gram matrices of calls add up below the diagonal, for any size of number") {
  if (!has_cuda_device()) return;
  Device device;
  const std::pair<std::int64_t, std::int64_t> shapes[] = {{3, 5}, {300, 77}, {100, 1100}};
  for (const auto& [tokens, n] : shapes) {
    for (const float size : {1e-6F, 1.0F, 3000.0F}) {
      INFO("[" << tokens << ", " << n << "] of size " << size);
      const auto x = random_matrix(tokens, n, 7, size, true);
      const DeviceArray<float> x_there(x);
      DeviceArray<float> gram(std::vector<float>(size_of(n, n), 0.0F));
      DeviceArray<unsigned char> workspace(
          static_cast<std::size_t>(cuda::gram_workspace_bytes(tokens, n)));
      for (int call = 0; call < 2; ++call) {
        cuda::accumulate_gram(device.matmul(), x_there.data(), tokens, n, gram.data(),
                              workspace.data());
      }
      device.wait();
      const auto found = gram.host();
      const auto expected = gram_of(x, n);
      double worst = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t j = 0; j <= i; ++j) {
          const auto at = [&](std::int64_t r, std::int64_t c) {
            return static_cast<double>(expected[size_of(r, n) + size_of(c)]);
          };
          const double off = static_cast<double>(found[size_of(i, n) + size_of(j)]) - 2 * at(i, j);
          worst = std::max(worst, std::abs(off) / std::sqrt(at(i, i) * at(j, j)));
          if (std::isnan(off)) worst = 1;
        }
      }
      CHECK(worst < 2e-3);
    }
  }
}

TEST_CASE("products and Gram matrices can be captured and replayed") {
  if (!has_cuda_device()) return;
  Device device;
  const std::int64_t tokens = 64, n = 96;
  const auto x = random_matrix(tokens, n, 8, 1.0F, false);
  const DeviceArray<float> x_there(x);
  DeviceArray<float> gram(std::vector<float>(size_of(n, n), 0.0F));
  DeviceArray<unsigned char> workspace(
      static_cast<std::size_t>(cuda::gram_workspace_bytes(tokens, n)));
  const auto once = [&] {
    cuda::accumulate_gram(device.matmul(), x_there.data(), tokens, n, gram.data(),
                          workspace.data());
  };
  once();
  device.wait();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t run = nullptr;
  cuda::check(cudaStreamBeginCapture(device.stream(), cudaStreamCaptureModeGlobal), "capture");
  once();
  cuda::check(cudaStreamEndCapture(device.stream(), &graph), "capture");
  cuda::check(cudaGraphInstantiate(&run, graph, 0), "graph");
  cuda::check(cudaGraphLaunch(run, device.stream()), "graph");
  cuda::check(cudaGraphLaunch(run, device.stream()), "graph");
  device.wait();
  const auto found = gram.host();
  const auto expected = gram_of(x, n);
  for (std::int64_t i = 0; i < n; ++i) {
    CHECK(static_cast<double>(found[size_of(i, n) + size_of(i)]) ==
          doctest::Approx(3 * static_cast<double>(expected[size_of(i, n) + size_of(i)]))
              .epsilon(1e-3));
  }
  cudaGraphExecDestroy(run);
  cudaGraphDestroy(graph);
}
