// SPDX-License-Identifier: Apache-2.0
// Rates of the CPU kernels beside the machine's two limits, measured in the same run:
// kernels_bench [threads].

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/bandwidth.h"
#include "kernels/cpu/clip_search.h"
#include "kernels/cpu/gram.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/quadratic_form.h"
#include "kernels/cpu/rounding.h"

using namespace salient::kernels::cpu;

namespace {

/// Best of several passes: the machine may be shared, and the least disturbed pass is the kernel's.
double best_seconds(const std::function<void()>& body) {
  body();
  double best = 1e30;
  const auto begin = std::chrono::steady_clock::now();
  for (int pass = 0; pass < 50; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    body();
    const auto end = std::chrono::steady_clock::now();
    best = std::min(best, std::chrono::duration<double>(end - start).count());
    if (pass >= 4 && end - begin > std::chrono::milliseconds(400)) break;
  }
  return best;
}

std::vector<float> random_floats(std::size_t count) {
  std::mt19937 engine(7);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(engine);
  return values;
}

struct Bench {
  const Cpu& cpu;
  double peak;
  double bandwidth;

  void rate(const std::string& name, double operations, const std::function<void()>& body) const {
    const double seconds = best_seconds(body);
    const double rate = operations / seconds;
    std::printf("%-44s %9.3f ms %8.1f GFLOP/s %5.1f %% of peak\n", name.c_str(), seconds * 1e3,
                rate * 1e-9, 100 * rate / peak);
  }
  void stream(const std::string& name, double bytes, const std::function<void()>& body) const {
    const double seconds = best_seconds(body);
    std::printf("%-44s %9.3f us %8.1f GB/s %5.1f %% of read\n", name.c_str(), seconds * 1e6,
                bytes / seconds * 1e-9, 100 * bytes / seconds / bandwidth);
  }

  void products(std::int64_t tokens, std::int64_t in, std::int64_t out) const {
    const auto x = random_floats(static_cast<std::size_t>(tokens * in));
    const auto w = random_floats(static_cast<std::size_t>(out * in));
    std::vector<float> y(static_cast<std::size_t>(tokens * out));
    const double operations = 2.0 * static_cast<double>(tokens * in * out);
    rate("matmul " + std::to_string(tokens) + "x" + std::to_string(in) + "x" + std::to_string(out),
         operations, [&] {
           matmul(cpu, {x.data(), tokens, in, w.data(), Number::F32, out, nullptr, y.data(),
                        Store::Replace});
         });
  }

  void search(std::int64_t rows, std::int64_t n) const {
    const auto x = random_floats(static_cast<std::size_t>(512 * n));
    const auto w = random_floats(static_cast<std::size_t>(rows * n));
    const auto s = std::vector<float>(static_cast<std::size_t>(n), 1.5F);
    std::vector<float> gram(static_cast<std::size_t>(n * n));
    std::vector<float> error(static_cast<std::size_t>(rows * n));
    std::vector<double> losses(static_cast<std::size_t>(rows));
    std::vector<float> clip(static_cast<std::size_t>(rows * n));
    const std::string shape = std::to_string(rows) + "x" + std::to_string(n);
    const auto square = static_cast<double>(n * n);
    rate("gram of 512 tokens, n " + std::to_string(n), 512.0 * square,
         [&] { accumulate_gram(cpu, x.data(), 512, n, gram.data()); });
    RoundingInput input{w.data(), rows, n, s.data(), nullptr, nullptr, 4, 64, Grid::Asymmetric};
    rate("rounding error (one operation a weight) " + shape, static_cast<double>(rows * n),
         [&] { rounding_error(cpu, input, error.data()); });
    rate("quadratic form " + shape, static_cast<double>(rows) * square,
         [&] { quadratic_form(cpu, error.data(), rows, n, gram.data(), losses.data()); });
    for (const std::int64_t group : {64, 128}) {
      rate("clip search g" + std::to_string(group) + " " + shape,
           10.0 * static_cast<double>(rows * n * group), [&] {
             clip_search(cpu, {w.data(), rows, n, gram.data(), 4, group, Grid::Asymmetric,
                               clip.data(), nullptr});
           });
    }
  }

  void prefill_attention(std::int64_t tokens) const {
    constexpr std::int64_t kHeads = 9;
    constexpr std::int64_t kKvHeads = 3;
    constexpr std::int64_t kDim = 64;
    auto q = random_floats(static_cast<std::size_t>(tokens * kHeads * kDim));
    auto k = random_floats(static_cast<std::size_t>(tokens * kKvHeads * kDim));
    const std::vector<float> cos(static_cast<std::size_t>(tokens * kDim / 2), 1.0F);
    const std::vector<float> sin(cos.size(), 0.0F);
    std::vector<float> keys(k.size());
    std::vector<float> values(k.size());
    std::vector<float> out(q.size());
    rate("causal attention, tokens " + std::to_string(tokens),
         2.0 * static_cast<double>(tokens * tokens * kHeads * kDim), [&] {
           attention(cpu, {.q = q.data(),
                           .k = k.data(),
                           .v = k.data(),
                           .tokens = tokens,
                           .num_heads = kHeads,
                           .num_kv_heads = kKvHeads,
                           .head_dim = kDim,
                           .rotated = kDim,
                           .cos = cos.data(),
                           .sin = sin.data(),
                           .scale = 0.125F,
                           .cap = 0.0F,
                           .window = 0,
                           .slopes = nullptr,
                           .biases = nullptr,
                           .position = 0,
                           .keys = keys.data(),
                           .values = values.data(),
                           .capacity = tokens,
                           .out = out.data()});
         });
  }

  void decode_dense(Number number, const char* name) const {
    constexpr std::int64_t kIn = 576;
    constexpr std::int64_t kOut = 49152;
    const std::size_t bytes = kIn * kOut * (number == Number::F32 ? 4 : 2);
    const std::vector<std::uint16_t> w(bytes / 2, 0x3C00);
    const auto x = random_floats(kIn);
    std::vector<float> y(kOut);
    stream(name, static_cast<double>(bytes), [&] {
      matmul(cpu, {x.data(), 1, kIn, w.data(), number, kOut, nullptr, y.data(), Store::Replace});
    });
  }

  void decode_packed(int bits, std::int64_t out, std::int64_t in, int parts) const {
    const salient::kernels::PackedShape shape{bits, out, in, 64};
    std::vector<std::uint8_t> packed(static_cast<std::size_t>(shape.bytes()), 0x15);
    const ActivationLayout layout = ActivationLayout::of(shape, parts);
    const auto x = random_floats(static_cast<std::size_t>(in));
    std::vector<std::uint8_t> integers(static_cast<std::size_t>(layout.token_bytes()));
    std::vector<float> y(static_cast<std::size_t>(out));
    const std::string name = "W" + std::to_string(bits) + " g64 " + std::to_string(out) + "x" +
                             std::to_string(in) + (parts == 1 ? " int8" : " exact");
    stream(name, static_cast<double>(shape.bytes()), [&] {
      cpu.table.quantize_activations(x.data(), layout, integers.data());
      cpu.pool.run([&](int part) {
        const Share share = share_of(shape.blocks(), part, cpu.pool.size());
        cpu.table.packed_rows(
            {shape, packed.data(), layout, integers.data(), 1, nullptr, y.data(), Store::Replace},
            share.begin, share.end);
      });
    });
  }
};

}  // namespace

int main(int argc, char** argv) {
  ThreadPool pool(argc > 1 ? std::atoi(argv[1]) : 0);
  const Cpu cpu{pool, kernel_table(supported_isas().back())};
  const Bench bench{cpu, multiply_add_peak(cpu), read_bandwidth(cpu, 72'000'000)};
  std::printf("%s, %d threads: %.1f GFLOP/s of multiply-adds, %.1f GB/s of reads over 72 MB\n",
              std::string(name_of(cpu.table.isa)).c_str(), pool.size(), bench.peak * 1e-9,
              bench.bandwidth * 1e-9);
  bench.products(512, 1536, 576);
  bench.products(512, 576, 1536);
  bench.products(512, 576, 192);
  bench.products(512, 4096, 4096);
  bench.search(576, 1536);
  bench.search(1536, 576);
  bench.prefill_attention(512);
  bench.decode_dense(Number::F16, "dense F16 head, one token");
  bench.decode_dense(Number::BF16, "dense BF16 head, one token");
  bench.decode_dense(Number::F32, "dense F32 head, one token");
  for (const int parts : {kExactParts, kInt8Parts}) {
    for (const int bits : {2, 3, 4, 8}) bench.decode_packed(bits, 1536, 576, parts);
    for (const int bits : {2, 3, 4, 8}) bench.decode_packed(bits, 49152, 576, parts);
  }
  double nothing = best_seconds([&] { pool.run([](int) {}); });
  std::printf("%-44s %9.3f us\n", "an empty run of the pool", nothing * 1e6);
  return 0;
}
