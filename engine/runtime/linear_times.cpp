// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/linear_times.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "kernels/half.h"

namespace salient {
namespace {

/// Operations of one recorded round at most: enough for a GPU, seconds on a CPU.
constexpr double kRoundOperations = 2e11;
constexpr std::int64_t kReadProbe = 1'000'000'000;

std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

/// Halves in [-1/64, 1/64].
Tensor random_halves(Shape shape) {
  constexpr std::size_t kTable = 1U << 16U;
  std::vector<std::uint16_t> table(kTable);
  for (std::size_t i = 0; i < kTable; ++i) {
    const auto whole = static_cast<float>(mixed(i) & 0xFFFFU);
    table[i] = f32_to_f16((whole / 32768.0F - 1.0F) / 64.0F);
  }
  Tensor tensor(DType::F16, std::move(shape));
  const auto values = tensor.as<std::uint16_t>();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = table[(i * 40503U) % kTable];
  return tensor;
}

/// Zeros would draw less power and run faster than what a model multiplies.
Tensor random_input(Backend& backend, Shape shape) {
  Tensor tensor(DType::F32, std::move(shape));
  const auto values = tensor.as<float>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(mixed(i) & 0xFFFFU) / 32768.0F - 1.0F;
  }
  return backend.upload(tensor);
}

QuantizedMatrix random_codes(const LinearCase& problem) {
  QuantizedMatrix matrix;
  matrix.scheme = *problem.scheme;
  matrix.out_features = problem.out_features;
  matrix.in_features = problem.in_features;
  const auto count = static_cast<std::size_t>(problem.out_features * problem.in_features);
  const auto groups = static_cast<std::size_t>(problem.out_features *
                                               matrix.scheme.num_groups(problem.in_features));
  const auto most = static_cast<std::uint64_t>((1 << matrix.scheme.bits) - 1);
  matrix.codes.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    matrix.codes[i] = static_cast<std::uint8_t>((i * 2654435761U >> 13U) & most);
  }
  matrix.steps.assign(groups, f32_to_f16(1.0F / 512.0F));
  matrix.zero_points.assign(groups, static_cast<std::uint8_t>((most + 1) / 2));
  return matrix;
}

Linear random_linear(Backend& backend, const LinearCase& problem) {
  if (problem.scheme) return backend.pack(random_codes(problem), {});
  return DenseLinear{backend.upload(random_halves({problem.out_features, problem.in_features})),
                     {}};
}

Linear twin_of(Backend& backend, const Linear& linear) {
  if (const auto* dense = std::get_if<DenseLinear>(&linear)) {
    return DenseLinear{backend.copy(dense->weight), {}};
  }
  PackedLinear twin = std::get<PackedLinear>(linear);
  twin.packed = backend.copy(twin.packed);
  return twin;
}

}  // namespace

double LinearLimits::seconds(const LinearTime& time) const {
  return std::max(static_cast<double>(time.bytes) / read, time.operations / product);
}

LinearTime time_linear(Backend& backend, const LinearCase& problem, const TimedBatches& how,
                       std::int64_t rotation_bytes) {
  std::vector<Linear> linears = {random_linear(backend, problem)};
  LinearTime time;
  time.bytes = weight_bytes(linears.front());
  time.operations = 2.0 * static_cast<double>(problem.tokens) *
                    static_cast<double>(problem.in_features) *
                    static_cast<double>(problem.out_features);
  const auto affordable = static_cast<std::int64_t>(kRoundOperations / time.operations);
  const std::int64_t copies = std::clamp<std::int64_t>(rotation_bytes / time.bytes + 1, 1,
                                                       std::max<std::int64_t>(affordable, 1));
  while (static_cast<std::int64_t>(linears.size()) < copies) {
    linears.push_back(twin_of(backend, linears.front()));
  }
  const Tensor input = random_input(backend, {problem.tokens, problem.in_features});
  Tensor output = backend.allocate(DType::F32, {problem.tokens, problem.out_features});
  const auto round = backend.record([&] {
    for (const Linear& linear : linears) backend.linear(linear, input, output);
  });
  time.seconds = median_seconds(backend, *round, how) / static_cast<double>(copies);
  return time;
}

double linear_difference(Backend& device, Backend& oracle, const LinearCase& problem) {
  const auto output_on = [&](Backend& backend) {
    const Linear linear = random_linear(backend, problem);
    const Tensor input = random_input(backend, {problem.tokens, problem.in_features});
    Tensor output = backend.allocate(DType::F32, {problem.tokens, problem.out_features});
    backend.linear(linear, input, output);
    return backend.download(output);
  };
  const Tensor there = output_on(device), here = output_on(oracle);
  double largest = 1e-30, off = 0;
  for (std::size_t i = 0; i < here.as<float>().size(); ++i) {
    const auto expected = static_cast<double>(here.as<float>()[i]);
    const double difference = std::abs(static_cast<double>(there.as<float>()[i]) - expected);
    // A result that is no number is as wrong as can be.
    off = std::isnan(difference) ? HUGE_VAL : std::max(off, difference);
    largest = std::max(largest, std::abs(expected));
  }
  return off / largest;
}

LinearLimits measure_linear_limits(Backend& backend, const TimedBatches& how) {
  constexpr std::int64_t kSide = 8192;
  const LinearTime product =
      time_linear(backend, {kSide, kSide, backend.prompt_chunk()}, how, 2 * kSide * kSide);
  return {backend.measure_read_bandwidth(kReadProbe), product.operations_per_second()};
}

}  // namespace salient
