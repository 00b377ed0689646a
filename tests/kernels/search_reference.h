// SPDX-License-Identifier: Apache-2.0
#pragma once

// Inputs and float64 meanings for the tests of calibration and search kernels.

#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "kernels/cpu/isa.h"
#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/rounding.h"
#include "kernels/cuda/matmul.h"
#include "kernels/cuda/rounding.h"
#include "tests/kernels/device_array.h"

namespace salient::tests {

namespace cpu = kernels::cpu;
namespace cuda = kernels::cuda;

inline std::size_t size_of(std::int64_t rows, std::int64_t columns = 1) {
  return static_cast<std::size_t>(rows * columns);
}

/// A stream, and a cuBLAS handle on it with its workspace.
class Device {
 public:
  Device() : workspace_(std::size_t{8} << 20) {
    cuda::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream");
    matmul_ = std::make_unique<cuda::Matmul>(stream_, workspace_.data(), 8 << 20);
  }
  ~Device() {
    matmul_.reset();
    cudaStreamDestroy(stream_);
  }
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  cudaStream_t stream() const { return stream_; }
  cuda::Matmul& matmul() { return *matmul_; }
  void wait() const { cuda::check(cudaStreamSynchronize(stream_), "wait"); }

 private:
  DeviceArray<unsigned char> workspace_;
  cudaStream_t stream_ = nullptr;
  std::unique_ptr<cuda::Matmul> matmul_;
};

/// Normal numbers; every 17th column is 30 times as large where `outliers` is set.
inline std::vector<float> random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed,
                                        float deviation, bool outliers) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0F, deviation);
  std::vector<float> values(size_of(rows, columns));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool outlier = outliers && i % static_cast<std::size_t>(columns) % 17 == 3;
    values[i] = normal(engine) * (outlier ? 30.0F : 1.0F);
  }
  return values;
}

/// The lower triangle of xᵀ x in float64, rounded once; NaN above it.
inline std::vector<float> gram_of(const std::vector<float>& x, std::int64_t n) {
  const std::int64_t tokens = static_cast<std::int64_t>(x.size()) / n;
  std::vector<double> sums(size_of(n, n));
  for (std::int64_t t = 0; t < tokens; ++t) {
    const float* row = x.data() + t * n;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) {
        sums[size_of(i, n) + size_of(j)] +=
            static_cast<double>(row[i]) * static_cast<double>(row[j]);
      }
    }
  }
  std::vector<float> gram(size_of(n, n), std::nanf(""));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      gram[size_of(i, n) + size_of(j)] = static_cast<float>(sums[size_of(i, n) + size_of(j)]);
    }
  }
  return gram;
}

/// e G eᵀ from the lower triangle, for columns first … first + e.size() - 1 of G [n, n].
inline double quadratic(const std::vector<double>& e, const std::vector<float>& gram,
                        std::int64_t n, std::int64_t first) {
  double sum = 0;
  const auto count = static_cast<std::int64_t>(e.size());
  for (std::int64_t i = 0; i < count; ++i) {
    double row = 0;
    for (std::int64_t j = 0; j < i; ++j) {
      row +=
          2 * static_cast<double>(gram[size_of(first + i, n) + size_of(first + j)]) * e[size_of(j)];
    }
    row += static_cast<double>(gram[size_of(first + i, n) + size_of(first + i)]) * e[size_of(i)];
    sum += row * e[size_of(i)];
  }
  return sum;
}

/// The CPU kernels of this machine.
class Oracle {
 public:
  Oracle() : cpu_{pool_, cpu::kernel_table(cpu::supported_isas().back())} {}
  const cpu::Cpu& cpu() const { return cpu_; }

  /// The same problem on host arrays.
  static cpu::RoundingInput input_of(const cuda::RoundingInput& input, const float* weight,
                                     const float* scales, const float* clip) {
    return {
        .weight = weight,
        .out_features = input.out_features,
        .in_features = input.in_features,
        .channel_scales = scales,
        .inverse_scales = nullptr,
        .clip = clip,
        .bits = input.bits,
        .group_size = input.group_size,
        .grid = input.grid == cuda::Grid::Symmetric ? cpu::Grid::Symmetric : cpu::Grid::Asymmetric};
  }
  std::vector<float> error(const cpu::RoundingInput& input) const {
    std::vector<float> values(size_of(input.out_features, input.in_features));
    cpu::rounding_error(cpu_, input, values.data());
    return values;
  }

 private:
  cpu::ThreadPool pool_{1};
  cpu::Cpu cpu_;
};

/// Channel scales of 1/30 … 30.
inline std::vector<float> random_scales(std::int64_t n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> exponent(-3.4F, 3.4F);
  std::vector<float> scales(size_of(n));
  for (float& s : scales) s = std::exp(exponent(engine));
  return scales;
}

struct RoundingShape {
  std::int64_t out_features;
  std::int64_t in_features;
  std::int64_t group_size;
};

/// Fast and general paths: whole, ragged and odd rows, every group size.
inline const std::vector<RoundingShape>& rounding_shapes() {
  static const std::vector<RoundingShape> shapes = {
      {9, 256, 128}, {7, 576, 128}, {13, 192, 64},   {5, 96, 32},    {6, 100, 32},    {3, 77, 32},
      {5, 131, 64},  {4, 300, 300}, {3, 1031, 1031}, {5, 4100, 128}, {2, 2500, 2500}, {1, 20, 20}};
  return shapes;
}

}  // namespace salient::tests
