// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/rounding.h"

#include <cstring>

#include <doctest/doctest.h>

#include "kernels/cuda/matmul.h"
#include "kernels/half.h"
#include "tests/kernels/search_reference.h"

using namespace salient;
using namespace salient::tests;

namespace {

/// One problem on both sides.
struct Case {
  cuda::RoundingInput input;
  std::vector<float> weight, scales, clip;
};

Case make_case(const RoundingShape& shape, int bits, cuda::Grid grid, bool scaled, bool clipped) {
  Case c;
  c.input = {.weight = nullptr,
             .out_features = shape.out_features,
             .in_features = shape.in_features,
             .channel_scales = nullptr,
             .clip = nullptr,
             .bits = bits,
             .group_size = shape.group_size,
             .grid = grid};
  const auto seed = static_cast<unsigned>(shape.in_features * 10 + bits);
  c.weight = random_matrix(shape.out_features, shape.in_features, seed, 0.02F, true);
  // A group of zeros, one of positive numbers and one of tiny ones.
  for (std::int64_t j = 0; j < shape.group_size; ++j) c.weight[size_of(j)] = 0.0F;
  for (std::int64_t j = 0; j < shape.in_features; ++j) {
    float& w = c.weight[size_of(shape.out_features - 1, shape.in_features) + size_of(j)];
    w = j < shape.group_size ? std::abs(w) + 1.0F : w * 1e-7F;
  }
  if (scaled) c.scales = random_scales(shape.in_features, seed + 1);
  if (!clipped) return c;
  c.clip.resize(size_of(shape.out_features, c.input.num_groups()));
  for (std::size_t i = 0; i < c.clip.size(); ++i) {
    c.clip[i] = 0.01F + 0.003F * static_cast<float>(i % 11);
  }
  return c;
}

template <class Check>
void for_each_case(const Check& check) {
  for (const RoundingShape& shape : rounding_shapes()) {
    for (const int bits : {2, 3, 4, 8}) {
      for (const cuda::Grid grid : {cuda::Grid::Asymmetric, cuda::Grid::Symmetric}) {
        for (int options = 0; options < 4; ++options) {
          INFO("[" << shape.out_features << ", " << shape.in_features << "] group "
                   << shape.group_size << ", " << bits << " bits, symmetric "
                   << (grid == cuda::Grid::Symmetric) << ", options " << options);
          check(make_case(shape, bits, grid, options % 2 == 1, options >= 2));
        }
      }
    }
  }
}

/// The device's copies of a case's arrays, and the problem on them.
struct OnDevice {
  DeviceArray<float> weight, scales, clip;
  cuda::RoundingInput input;
  explicit OnDevice(const Case& c)
      : weight(c.weight),
        scales(c.scales.empty() ? std::vector<float>(1) : c.scales),
        clip(c.clip.empty() ? std::vector<float>(1) : c.clip),
        input(c.input) {
    input.weight = weight.data();
    input.channel_scales = c.scales.empty() ? nullptr : scales.data();
    input.clip = c.clip.empty() ? nullptr : clip.data();
  }
};

cpu::RoundingInput on_host(const Case& c) {
  return Oracle::input_of(c.input, c.weight.data(), c.scales.empty() ? nullptr : c.scales.data(),
                          c.clip.empty() ? nullptr : c.clip.data());
}

}  // namespace

TEST_CASE("codes, steps and zero points have the CPU's bits") {
  if (!has_cuda_device()) return;
  const Device device;
  const Oracle oracle;
  for_each_case([&](const Case& c) {
    const OnDevice there(c);
    const std::size_t groups = size_of(c.input.out_features, c.input.num_groups());
    DeviceArray<std::uint8_t> codes(c.weight.size()), zeros(groups);
    DeviceArray<std::uint16_t> steps(groups);
    cuda::round_codes(there.input, {codes.data(), steps.data(), zeros.data()}, device.stream());
    device.wait();
    std::vector<std::uint8_t> expected(c.weight.size()), expected_zeros(groups);
    std::vector<std::uint16_t> expected_steps(groups);
    cpu::round_codes(oracle.cpu(), on_host(c),
                     {expected.data(), expected_steps.data(), expected_zeros.data()});
    CHECK(codes.host() == expected);
    CHECK(steps.host() == expected_steps);
    CHECK(zeros.host() == expected_zeros);
  });
}

TEST_CASE("rounding errors have the CPU's bits") {
  if (!has_cuda_device()) return;
  const Device device;
  const Oracle oracle;
  for_each_case([&](const Case& c) {
    const OnDevice there(c);
    DeviceArray<float> error(c.weight.size());
    cuda::rounding_error(there.input, error.data(), device.stream());
    device.wait();
    const std::vector<float> found = error.host(), expected = oracle.error(on_host(c));
    CHECK(std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0);
  });
}

TEST_CASE("scaled errors are the errors in half, below their bound, with zeros behind") {
  if (!has_cuda_device()) return;
  const Device device;
  const Oracle oracle;
  for_each_case([&](const Case& c) {
    const OnDevice there(c);
    const std::int64_t rows = c.input.out_features, n = c.input.in_features;
    const std::int64_t stride = (n + 63) / 64 * 64;
    const int headroom = 1;
    const std::vector<float> root = random_scales(n, 77);
    const DeviceArray<float> root_there(root);
    DeviceArray<std::uint16_t> error(size_of(rows, stride));
    DeviceArray<float> factor(size_of(rows));
    cuda::scaled_rounding_errors(there.input, 1, 0,
                                 {.root = root_there.data(),
                                  .error = error.data(),
                                  .row_factor = factor.data(),
                                  .stride = stride,
                                  .headroom = headroom},
                                 device.stream());
    device.wait();
    const auto found = error.host();
    const auto factors = factor.host();
    const std::vector<float> expected = oracle.error(on_host(c));
    int wrong = 0, loose = 0;
    for (std::int64_t o = 0; o < rows; ++o) {
      double largest = 0;
      for (std::int64_t j = 0; j < stride; ++j) {
        const double value =
            static_cast<double>(f16_to_f32(found[size_of(o, stride) + size_of(j)]));
        if (!(std::abs(value) <= 0.5)) ++wrong;
        largest = std::max(largest, std::abs(value));
        const double f = static_cast<double>(factors[size_of(o)]);
        const double w = j < n ? static_cast<double>(c.weight[size_of(o, n) + size_of(j)]) *
                                     static_cast<double>(root[size_of(j)])
                               : 0.0;
        const double e = j < n ? static_cast<double>(expected[size_of(o, n) + size_of(j)]) *
                                     static_cast<double>(root[size_of(j)])
                               : 0.0;
        // Half the spacing of halves there, and float32's cancellation in the error itself.
        const double allowed = std::abs(e) * 0x1p-10 + f * 0x1p-24 + std::abs(w) * 0x1p-20;
        if (!(std::abs(value * f - e) <= allowed)) ++wrong;
      }
      // The bound is close enough to leave the numbers of usual rows their bits.
      if (largest < 0x1p-9 && o > 0 && o + 1 < rows) ++loose;
    }
    CHECK(wrong == 0);
    CHECK(loose == 0);
  });
}

TEST_CASE("scaled errors of several candidates are those of each") {
  if (!has_cuda_device()) return;
  const Device device;
  const int candidates = 3;
  for (const RoundingShape& shape : rounding_shapes()) {
    Case c = make_case(shape, 4, cuda::Grid::Asymmetric, false, false);
    c.scales = random_scales(shape.in_features * candidates, 5);
    const std::size_t per_clip = size_of(shape.out_features, c.input.num_groups());
    c.clip.resize(per_clip * std::size_t{candidates});
    for (std::size_t i = 0; i < c.clip.size(); ++i) c.clip[i] = 0.02F + float(i % 7) * 0.01F;
    if (shape.in_features % 4 != 0) c.scales.resize(size_of(shape.in_features, candidates));
    const OnDevice there(c);
    const std::int64_t stride = (shape.in_features + 63) / 64 * 64;
    const std::size_t each = size_of(shape.out_features, stride);
    const DeviceArray<float> root(random_scales(shape.in_features, 6));
    DeviceArray<std::uint16_t> error(each * std::size_t{candidates}), one(each);
    DeviceArray<float> factor(size_of(shape.out_features, candidates)),
        one_factor(size_of(shape.out_features));
    cuda::scaled_rounding_errors(there.input, candidates, static_cast<std::int64_t>(per_clip),
                                 {root.data(), error.data(), factor.data(), stride, 0},
                                 device.stream());
    device.wait();
    const auto all = error.host();
    for (int k = 0; k < candidates; ++k) {
      cuda::RoundingInput input = there.input;
      const DeviceArray<float> scales(
          std::vector<float>(c.scales.begin() + k * shape.in_features,
                             c.scales.begin() + (k + 1) * shape.in_features));
      input.channel_scales = scales.data();
      input.clip += static_cast<std::size_t>(k) * per_clip;
      cuda::scaled_rounding_errors(
          input, 1, 0, {root.data(), one.data(), one_factor.data(), stride, 0}, device.stream());
      device.wait();
      const auto expected = one.host();
      CHECK(std::equal(expected.begin(), expected.end(),
                       all.begin() + static_cast<std::ptrdiff_t>(each) * k));
    }
  }
}
