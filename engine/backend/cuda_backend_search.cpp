// SPDX-License-Identifier: Apache-2.0
// The half of CudaBackend that quantization uses: statistics, folding, rounding and losses.

#include <algorithm>
#include <numeric>

#include "engine/backend/cuda_backend.h"
#include "engine/backend/cuda_transfer.h"
#include "engine/backend/expect.h"
#include "engine/backend/fitting_piece.h"
#include "kernels/cuda/clip_search.h"
#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/fold.h"
#include "kernels/cuda/gram.h"
#include "kernels/cuda/group_statistics.h"
#include "kernels/cuda/magnitude.h"

namespace salient {

namespace cuda = kernels::cuda;

namespace {

/// Rows of error worked on at once: enough for tensor cores.
constexpr std::int64_t kLossRows = 16384;
/// The least that the kernels take, where memory is short.
constexpr std::int64_t kLeastLossRows = 64;

cuda::Grid grid_of(const QuantScheme& scheme) {
  return scheme.symmetry == Symmetry::Symmetric ? cuda::Grid::Symmetric : cuda::Grid::Asymmetric;
}

}  // namespace

void CudaBackend::accumulate_gram(const Tensor& x, Tensor& gram) {
  expect_float32("accumulate_gram", "gram", gram, {x.dim(1), x.dim(1)});
  if (correlated_.gram.data() == gram.data()) correlated_ = {};
  Tensor workspace =
      scratch(static_cast<std::size_t>(cuda::gram_workspace_bytes(x.dim(0), x.dim(1))));
  cuda::accumulate_gram(matmul_, device_data<float>(x), x.dim(0), x.dim(1),
                        device_data<float>(gram), workspace.data());
}

void CudaBackend::accumulate_magnitude(const Tensor& x, Tensor& sum, Tensor& max) {
  Tensor workspace =
      scratch(static_cast<std::size_t>(cuda::magnitude_workspace_bytes(x.dim(0), x.dim(1))));
  cuda::accumulate_magnitude(device_data<float>(x), x.dim(0), x.dim(1), device_data<double>(sum),
                             device_data<float>(max), workspace.data(), stream());
}

std::vector<float> CudaBackend::diagonal(const Tensor& gram) {
  const auto n = static_cast<std::size_t>(gram.dim(0));
  std::vector<float> values(n);
  cuda::check(cudaMemcpy2DAsync(values.data(), sizeof(float), gram.data(), (n + 1) * sizeof(float),
                                sizeof(float), n, cudaMemcpyDeviceToHost, stream()),
              "a copy from the GPU");
  wait();
  return values;
}

Tensor CudaBackend::fold(const Tensor& weight, std::span<const float> column_scales,
                         std::span<const float> row_divisors) {
  const CudaTransfer transfer{*memory_, stream()};
  const Tensor scales = transfer.upload(column_scales);
  const Tensor divisors = transfer.upload(row_divisors);
  Tensor folded = allocate(DType::F32, weight.shape());
  cuda::fold_weight(device_data<float>(weight), weight.dim(0), weight.dim(1),
                    column_scales.empty() ? nullptr : device_data<float>(scales),
                    row_divisors.empty() ? nullptr : device_data<float>(divisors),
                    device_data<float>(folded), stream());
  return folded;
}

Tensor CudaBackend::fold_gram(const Tensor& gram, std::span<const float> scales) {
  const Tensor device_scales = CudaTransfer{*memory_, stream()}.upload(scales);
  Tensor folded = allocate(DType::F32, gram.shape());
  cuda::fold_gram(device_data<float>(gram), device_data<float>(device_scales), gram.dim(0),
                  device_data<float>(folded), stream());
  return folded;
}

Tensor CudaBackend::add(const Tensor& a, const Tensor& b) {
  Tensor sum = copy(a);
  cuda::add(device_data<float>(sum), device_data<float>(b), sum.size(), stream());
  return sum;
}

double CudaBackend::squared_distance(const Tensor& a, const Tensor& b) {
  std::vector<double> parts(cuda::kDistanceParts);
  Tensor device_parts = scratch(parts.size() * sizeof(double));
  cuda::squared_distance(device_data<float>(a), device_data<float>(b), a.size(),
                         device_data<double>(device_parts), stream());
  CudaTransfer{*memory_, stream()}.download(device_parts, std::span(parts));
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

Tensor CudaBackend::group_peaks(const Tensor& weight, const QuantScheme& scheme) {
  Tensor peaks = allocate(DType::F32, {weight.dim(0), scheme.num_groups(weight.dim(1))});
  cuda::group_peaks(device_data<float>(weight), weight.dim(0), weight.dim(1),
                    scheme.group_of(weight.dim(1)), device_data<float>(peaks), stream());
  return peaks;
}

std::vector<float> CudaBackend::column_peaks(const Tensor& weight) {
  Tensor peaks = allocate_zeros(DType::F32, {weight.dim(1)});
  cuda::raise_column_peaks(device_data<float>(weight), weight.dim(0), weight.dim(1),
                           device_data<float>(peaks), stream());
  const Tensor here = download(peaks);
  return {here.as<float>().begin(), here.as<float>().end()};
}

Tensor CudaBackend::step_ratios(const Tensor& weight, std::span<const double> channel_scales,
                                const QuantScheme& scheme) {
  const Tensor scales = CudaTransfer{*memory_, stream()}.upload(channel_scales);
  Tensor ratios = allocate(DType::F64, {weight.dim(0), scheme.num_groups(weight.dim(1))});
  cuda::step_ratios(device_data<float>(weight), device_data<double>(scales), weight.dim(0),
                    weight.dim(1), scheme.bits, scheme.group_of(weight.dim(1)), grid_of(scheme),
                    device_data<double>(ratios), stream());
  return ratios;
}

Tensor CudaBackend::gather_rows(const Tensor& weight, std::span<const std::int32_t> rows) {
  const Tensor ids = CudaTransfer{*memory_, stream()}.upload(rows);
  const auto count = static_cast<std::int64_t>(rows.size());
  Tensor picked = allocate(DType::F32, {count, weight.dim(1)});
  cuda::embedding(weight.data(), cuda::Number::F32, weight.dim(1), device_data<std::int32_t>(ids),
                  count, device_data<float>(picked), stream());
  return picked;
}

cuda::RoundingInput CudaBackend::rounding_input(const RoundingProblem& problem, Tensor& scales) {
  const std::int64_t columns = problem.weight.dim(1);
  if (!problem.channel_scales.empty()) {
    scales = CudaTransfer{*memory_, stream()}.upload(problem.channel_scales);
  }
  return {.weight = device_data<float>(problem.weight),
          .out_features = problem.weight.dim(0),
          .in_features = columns,
          .channel_scales = scales.empty() ? nullptr : device_data<float>(scales),
          .clip = problem.clip == nullptr ? nullptr : device_data<float>(*problem.clip),
          .bits = problem.scheme.bits,
          .group_size = problem.scheme.group_of(columns),
          .grid = grid_of(problem.scheme)};
}

void CudaBackend::rounding_error(const RoundingProblem& problem, Tensor& error) {
  expect_float32("rounding_error", "error", error, problem.weight.shape());
  Tensor scales;
  cuda::rounding_error(rounding_input(problem, scales), device_data<float>(error), stream());
}

QuantizedMatrix CudaBackend::quantize(const RoundingProblem& problem) {
  Tensor scales;
  const cuda::RoundingInput input = rounding_input(problem, scales);
  QuantizedMatrix matrix;
  matrix.scheme = problem.scheme;
  matrix.out_features = input.out_features;
  matrix.in_features = input.in_features;
  const auto groups = static_cast<std::size_t>(input.out_features * input.num_groups());
  matrix.codes.resize(static_cast<std::size_t>(input.out_features * input.in_features));
  matrix.steps.resize(groups);
  matrix.zero_points.resize(groups);
  Tensor codes = scratch(matrix.codes.size());
  Tensor steps = scratch(groups * sizeof(std::uint16_t));
  Tensor zero_points = scratch(groups);
  cuda::round_codes(input,
                    {device_data<std::uint8_t>(codes), device_data<std::uint16_t>(steps),
                     device_data<std::uint8_t>(zero_points)},
                    stream());
  const CudaTransfer transfer{*memory_, stream()};
  transfer.download(codes, std::span(matrix.codes));
  transfer.download(steps, std::span(matrix.steps));
  transfer.download(zero_points, std::span(matrix.zero_points));
  return matrix;
}

const cuda::Correlation& CudaBackend::correlation_of(const Tensor& gram) {
  if (correlated_.gram.data() == gram.data()) return correlated_.correlation;
  const std::int64_t n = gram.dim(0);
  correlated_ = {};
  correlated_.gram = gram;
  correlated_.matrix = scratch(static_cast<std::size_t>(cuda::correlation_bytes(n)));
  correlated_.root = allocate(DType::F32, {n});
  correlated_.rest = scratch(static_cast<std::size_t>(cuda::correlation_bytes(n)));
  correlated_.correlation = {device_data<std::uint16_t>(correlated_.matrix),
                             device_data<float>(correlated_.root), n,
                             device_data<std::uint16_t>(correlated_.rest)};
  cuda::prepare_correlation(device_data<float>(gram), correlated_.correlation, stream());
  return correlated_.correlation;
}

Tensor CudaBackend::loss_workspace(std::int64_t in_features, std::int64_t rows,
                                   cuda::Precision precision) {
  const auto allocate = [&](std::int64_t piece) {
    return scratch(
        static_cast<std::size_t>(cuda::loss_workspace_bytes(in_features, piece, precision)));
  };
  return fitting_piece(std::min(rows, kLossRows), kLeastLossRows, allocate).first;
}

double CudaBackend::rounding_loss(const RoundingProblem& problem, const Tensor& gram) {
  Tensor scales;
  const cuda::Correlation& correlation = correlation_of(gram);
  cuda::CandidateLosses losses;
  losses.input = rounding_input(problem, scales);
  Tensor sum = allocate(DType::F64, {1});
  losses.losses = device_data<double>(sum);
  Tensor workspace =
      loss_workspace(losses.input.in_features, losses.input.out_features, cuda::Precision::Half);
  cuda::candidate_losses(matmul_, losses, correlation, {workspace.data(), workspace.size()});
  return download(sum).as<double>()[0];
}

void CudaBackend::quadratic_form(const Tensor& error, const Tensor& gram,
                                 std::span<double> row_losses) {
  const std::int64_t rows = error.dim(0);
  expect_float32("quadratic_form", "gram", gram, {error.dim(1), error.dim(1)});
  const cuda::Correlation& correlation = correlation_of(gram);
  constexpr cuda::Precision kSplit = cuda::Precision::Split;
  Tensor workspace = loss_workspace(error.dim(1), rows, kSplit);
  Tensor losses = allocate(DType::F64, {rows});
  cuda::quadratic_form(matmul_, device_data<float>(error), rows, correlation,
                       device_data<double>(losses), {workspace.data(), workspace.size()}, kSplit);
  CudaTransfer{*memory_, stream()}.download(losses, row_losses);
}

void CudaBackend::clip_search(const Tensor& weight, const Tensor& gram, const QuantScheme& scheme,
                              Tensor& clip) {
  const std::int64_t rows = weight.dim(0), columns = weight.dim(1);
  const std::int64_t group = scheme.group_of(columns);
  Tensor workspace =
      scratch(static_cast<std::size_t>(cuda::clip_search_workspace_bytes(rows, columns, group)));
  cuda::clip_search(matmul_,
                    {.weight = device_data<float>(weight),
                     .out_features = rows,
                     .in_features = columns,
                     .gram = device_data<float>(gram),
                     .channel_scales = nullptr,
                     .bits = scheme.bits,
                     .group_size = group,
                     .grid = grid_of(scheme),
                     .max_abs = device_data<float>(clip)},
                    workspace.data());
}

}  // namespace salient
