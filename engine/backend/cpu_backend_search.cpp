// SPDX-License-Identifier: Apache-2.0
// The half of CpuBackend that quantization uses: statistics, rounding and losses.

#include "engine/backend/cpu_backend.h"
#include "engine/backend/expect.h"
#include "kernels/cpu/clip_search.h"
#include "kernels/cpu/gram.h"
#include "kernels/cpu/magnitude.h"
#include "kernels/cpu/quadratic_form.h"
#include "kernels/cpu/rounding.h"

namespace salient {

namespace cpu = kernels::cpu;

namespace {

cpu::Grid grid_of(const QuantScheme& scheme) {
  return scheme.symmetry == Symmetry::Symmetric ? cpu::Grid::Symmetric : cpu::Grid::Asymmetric;
}

cpu::RoundingInput input_of(const RoundingProblem& problem) {
  const std::int64_t rows = problem.weight.dim(0);
  const std::int64_t columns = problem.weight.dim(1);
  expect_float32("rounding", "weight", problem.weight, {rows, columns});
  if (problem.clip != nullptr) {
    expect_float32("rounding", "clip", *problem.clip, {rows, problem.scheme.num_groups(columns)});
  }
  const std::span<const float> scales = problem.channel_scales;
  if (!scales.empty() && static_cast<std::int64_t>(scales.size()) != columns) {
    throw std::logic_error("rounding: " + std::to_string(scales.size()) + " channel scales for " +
                           std::to_string(columns) + " columns");
  }
  return {.weight = problem.weight.as<float>().data(),
          .out_features = rows,
          .in_features = columns,
          .channel_scales = scales.empty() ? nullptr : scales.data(),
          .inverse_scales = nullptr,
          .clip = problem.clip == nullptr ? nullptr : problem.clip->as<float>().data(),
          .bits = problem.scheme.bits,
          .group_size = problem.scheme.group_of(columns),
          .grid = grid_of(problem.scheme)};
}

}  // namespace

void CpuBackend::accumulate_gram(const Tensor& x, Tensor& gram) {
  expect_float32("accumulate_gram", "gram", gram, {x.dim(1), x.dim(1)});
  cpu::accumulate_gram(cpu_, x.as<float>().data(), x.dim(0), x.dim(1), gram.as<float>().data());
}

void CpuBackend::accumulate_magnitude(const Tensor& x, Tensor& sum, Tensor& max) {
  expect_shape("accumulate_magnitude", "sum", sum, {x.dim(1)});
  expect_float32("accumulate_magnitude", "max", max, {x.dim(1)});
  cpu::accumulate_magnitude(cpu_, x.as<float>().data(), x.dim(0), x.dim(1), sum.as<double>().data(),
                            max.as<float>().data());
}

void CpuBackend::rounding_error(const RoundingProblem& problem, Tensor& error) {
  expect_float32("rounding_error", "error", error, problem.weight.shape());
  cpu::rounding_error(cpu_, input_of(problem), error.as<float>().data());
}

QuantizedMatrix CpuBackend::quantize(const RoundingProblem& problem) {
  const cpu::RoundingInput input = input_of(problem);
  QuantizedMatrix matrix;
  matrix.scheme = problem.scheme;
  matrix.out_features = input.out_features;
  matrix.in_features = input.in_features;
  const auto groups = static_cast<std::size_t>(input.out_features * input.num_groups());
  matrix.codes.resize(static_cast<std::size_t>(input.out_features * input.in_features));
  matrix.steps.resize(groups);
  matrix.zero_points.resize(groups);
  cpu::round_codes(cpu_, input,
                   {matrix.codes.data(), matrix.steps.data(), matrix.zero_points.data()});
  return matrix;
}

void CpuBackend::quadratic_form(const Tensor& error, const Tensor& gram,
                                std::span<double> row_losses) {
  expect_float32("quadratic_form", "gram", gram, {error.dim(1), error.dim(1)});
  if (static_cast<std::int64_t>(row_losses.size()) != error.dim(0)) {
    throw std::logic_error("quadratic_form: row_losses is not one per row");
  }
  cpu::quadratic_form(cpu_, error.as<float>().data(), error.dim(0), error.dim(1),
                      gram.as<float>().data(), row_losses.data());
}

void CpuBackend::clip_search(const Tensor& weight, const Tensor& gram, const QuantScheme& scheme,
                             Tensor& clip) {
  const std::int64_t columns = weight.dim(1);
  expect_float32("clip_search", "gram", gram, {columns, columns});
  expect_float32("clip_search", "clip", clip, {weight.dim(0), scheme.num_groups(columns)});
  cpu::clip_search(cpu_, {.weight = weight.as<float>().data(),
                          .out_features = weight.dim(0),
                          .in_features = columns,
                          .gram = gram.as<float>().data(),
                          .bits = scheme.bits,
                          .group_size = scheme.group_of(columns),
                          .grid = grid_of(scheme),
                          .max_abs = clip.as<float>().data(),
                          .packed = nullptr});
}

}  // namespace salient
