// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/bandwidth.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <vector>

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

namespace {

constexpr int kPasses = 7;
constexpr std::int64_t kBlock = 256;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

}  // namespace

double read_bandwidth(const Cpu& cpu, std::int64_t bytes) {
  const std::int64_t blocks = std::max<std::int64_t>(bytes / kBlock, 1);
  Scratch buffer;
  float* data = buffer.floats(static_cast<std::size_t>(blocks * kBlock / 4));
  const int parts = cpu.pool.size();
  std::vector<float> sinks(static_cast<std::size_t>(parts) * 16);
  cpu.pool.run([&](int part) {
    const Share share = share_of(blocks, part, parts);
    const auto count = static_cast<std::size_t>((share.end - share.begin) * kBlock);
    std::memset(data + share.begin * kBlock / 4, 0, count);
  });
  std::vector<double> rates;
  for (int pass = 0; pass <= kPasses; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    cpu.pool.run([&](int part) {
      const Share share = share_of(blocks, part, parts);
      sinks[static_cast<std::size_t>(part) * 16] =
          cpu.table.read_blocks(data + share.begin * kBlock / 4, share.end - share.begin);
    });
    // The first pass only warms up.
    if (pass > 0) rates.push_back(static_cast<double>(blocks * kBlock) / seconds_since(start));
  }
  return median(rates);
}

double copy_bandwidth(const Cpu& cpu, std::int64_t bytes) {
  const std::int64_t blocks = std::max<std::int64_t>(bytes / kBlock / 2, 1);
  Scratch buffer;
  float* from = buffer.floats(static_cast<std::size_t>(2 * blocks * kBlock / 4));
  float* to = from + blocks * kBlock / 4;
  const int parts = cpu.pool.size();
  std::vector<double> rates;
  for (int pass = 0; pass <= kPasses; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    cpu.pool.run([&](int part) {
      const Share share = share_of(blocks, part, parts);
      const std::int64_t first = share.begin * kBlock / 4;
      const auto count = static_cast<std::size_t>((share.end - share.begin) * kBlock);
      // The first pass also makes the pages of the source.
      if (pass == 0) std::memset(from + first, 0, count);
      std::memcpy(to + first, from + first, count);
    });
    if (pass > 0)
      rates.push_back(2.0 * static_cast<double>(blocks * kBlock) / seconds_since(start));
  }
  return median(rates);
}

double multiply_add_peak(const Cpu& cpu) {
  constexpr std::int64_t kRounds = 2'000'000;
  const int parts = cpu.pool.size();
  std::vector<double> operations(static_cast<std::size_t>(parts));
  std::vector<double> rates;
  for (int pass = 0; pass <= kPasses; ++pass) {
    const auto start = std::chrono::steady_clock::now();
    cpu.pool.run([&](int part) {
      float sink[2] = {1.0F, 0.5F};
      operations[static_cast<std::size_t>(part)] =
          cpu.table.fma_loop(kRounds, sink) + static_cast<double>(sink[0]) * 0.0;
    });
    double all = 0;
    for (const double count : operations) all += count;
    if (pass > 0) rates.push_back(all / seconds_since(start));
  }
  return median(rates);
}

}  // namespace salient::kernels::cpu
