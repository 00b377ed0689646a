// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <string>

#include <cuda_fp16.h>

#include "kernels/cuda/quadratic_form.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr unsigned kLanes = 0xFFFFFFFFU;
constexpr std::int64_t kPanel = kCorrelationPanel;
constexpr std::int64_t kLeastRows = 64;
constexpr std::int64_t kAlignment = 256;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// |E·D^½| and the correlation stay below 1 and 2, so E·C stays below 2n: a half holds it once the
/// errors are made smaller by this power of two.
int headroom_for(std::int64_t n) {
  int headroom = 0;
  while ((2 * n) >> headroom > 65000) ++headroom;
  return headroom;
}

/// The arrays of one piece of work.
struct Piece {
  float* exact;        ///< [rows, n], Split alone
  __half* error;       ///< [rows, stride]
  __half* error_rest;  ///< [rows, stride], Split alone
  void* product;       ///< [rows, panel] half; float32 when Split
  double* sums;        ///< [rows]
  float* row_factor;   ///< [rows]
  std::int64_t rows;
  std::int64_t stride;
  Precision precision;
};

std::int64_t bytes_per_row(std::int64_t n, Precision precision) {
  const std::int64_t stride = correlation_stride(n);
  const std::int64_t halves = (stride + std::min(kPanel, stride)) * 2;
  return (precision == Precision::Split ? 2 * halves + n * 4 : halves) + 12;
}

Piece lay_out(std::int64_t n, std::int64_t wanted, Precision precision, LossWorkspace workspace) {
  Piece piece = {};
  const std::int64_t most = (workspace.bytes - 6 * kAlignment) / bytes_per_row(n, precision);
  piece.rows = std::min(wanted, most);
  piece.stride = correlation_stride(n);
  piece.precision = precision;
  if (piece.rows < std::min(wanted, kLeastRows)) {
    throw std::logic_error("quadratic form: a workspace of " + std::to_string(workspace.bytes) +
                           " bytes is too small for " + std::to_string(n) + " columns");
  }
  auto* next = static_cast<char*>(workspace.data);
  const auto take = [&](std::int64_t bytes_of_row) {
    char* taken = next;
    next += round_up(piece.rows * bytes_of_row);
    return taken;
  };
  const bool split = precision == Precision::Split;
  piece.error = reinterpret_cast<__half*>(take(piece.stride * 2));
  piece.product = take(std::min(kPanel, piece.stride) * (split ? 4 : 2));
  piece.sums = reinterpret_cast<double*>(take(8));
  piece.row_factor = reinterpret_cast<float*>(take(4));
  if (!split) return piece;
  piece.error_rest = reinterpret_cast<__half*>(take(piece.stride * 2));
  piece.exact = reinterpret_cast<float*>(take(n * 4));
  return piece;
}

/// Rows of E·diag(root) in half, each divided by its own power of two; `rest` is what that loses,
/// or nullptr.
__global__ void __launch_bounds__(kThreads)
    scale_rows(const float* __restrict__ error, const float* __restrict__ root, std::int64_t n,
               std::int64_t stride, int headroom, __half* scaled, __half* rest, float* row_factor) {
  __shared__ float peaks[kWarps];
  const std::int64_t row = blockIdx.x;
  const float* from = error + row * n;
  float peak = 0;
  for (std::int64_t j = threadIdx.x; j < n; j += kThreads) {
    peak = fmaxf(peak, fabsf(from[j] * root[j]));
  }
  for (int offset = 16; offset > 0; offset /= 2) {
    peak = fmaxf(peak, __shfl_xor_sync(kLanes, peak, offset));
  }
  if (threadIdx.x % 32 == 0) peaks[threadIdx.x / 32] = peak;
  __syncthreads();
  for (const float other : peaks) peak = fmaxf(peak, other);
  int exponent = 0;
  if (peak > 0.0F && peak < 1e30F) frexpf(peak, &exponent);
  const float scale = exp2f(static_cast<float>(-headroom - max(exponent, -90)));
  for (std::int64_t j = threadIdx.x; j < stride; j += kThreads) {
    const float value = j < n ? from[j] * root[j] * scale : 0.0F;
    const __half rounded = __float2half_rn(value);
    scaled[row * stride + j] = rounded;
    if (rest != nullptr) rest[row * stride + j] = __float2half_rn(value - __half2float(rounded));
  }
  if (threadIdx.x == 0) row_factor[row] = 1.0F / scale;
}

/// Eight neighbouring numbers as float32.
__device__ __forceinline__ void load_eight(const __half* from, float (&out)[8]) {
  const uint4 bits = *reinterpret_cast<const uint4*>(from);
  const auto* pairs = reinterpret_cast<const __half2*>(&bits);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 two = __half22float2(pairs[i]);
    out[2 * i] = two.x;
    out[2 * i + 1] = two.y;
  }
}
__device__ __forceinline__ void load_eight(const float* from, float (&out)[8]) {
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(from + i);
    out[i] = four.x;
    out[i + 1] = four.y;
    out[i + 2] = four.z;
    out[i + 3] = four.w;
  }
}

/// sums[row] (+)= error[row, …] · product[row, …] over one panel; a warp per row. `rest` is added
/// to the error, or nullptr.
template <class Product>
__global__ void __launch_bounds__(kThreads)
    dot_rows(const __half* __restrict__ error, const __half* __restrict__ rest, std::int64_t stride,
             const Product* __restrict__ product, int width, std::int64_t rows, bool first,
             double* sums) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  double sum = 0;
  // Strides and widths are multiples of 64, so every piece of 8 is whole.
  for (int j = lane * 8; j < width; j += 256) {
    float e[8], r[8] = {}, p[8];
    load_eight(error + row * stride + j, e);
    if (rest != nullptr) load_eight(rest + row * stride + j, r);
    load_eight(product + row * width + j, p);
    float eight = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) eight += (e[i] + r[i]) * p[i];
    sum += static_cast<double>(eight);
  }
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(kLanes, sum, offset);
  if (lane == 0) sums[row] = first ? sum : sums[row] + sum;
}

/// Undoes the row factors, and adds the rows of each candidate up; a block per candidate.
__global__ void __launch_bounds__(kThreads)
    finish_losses(const double* __restrict__ sums, const float* __restrict__ row_factor,
                  std::int64_t rows, std::int64_t row_stride, bool replace, double* losses,
                  double* row_losses) {
  __shared__ double of_thread[kThreads];
  const std::int64_t first = blockIdx.x * rows;
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < rows; i += kThreads) {
    const auto factor = static_cast<double>(row_factor[first + i]);
    const double loss = sums[first + i] * factor * factor;
    if (row_losses != nullptr) row_losses[blockIdx.x * row_stride + i] = loss;
    sum += loss;
  }
  if (losses == nullptr) return;
  of_thread[threadIdx.x] = sum;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) of_thread[threadIdx.x] += of_thread[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) losses[blockIdx.x] = of_thread[0] + (replace ? 0.0 : losses[blockIdx.x]);
}

/// One panel of E·C; the halves that were lost count where there are any.
void multiply_panel(Matmul& matmul, const Piece& piece, std::int64_t rows,
                    const Correlation& correlation, std::int64_t first) {
  const std::int64_t at = first * piece.stride + first;
  const bool split = piece.precision == Precision::Split;
  MatrixProduct product = {.x = piece.error + first,
                           .w = reinterpret_cast<const __half*>(correlation.matrix) + at,
                           .out = piece.product,
                           .m = rows,
                           .n = std::min(kPanel, piece.stride - first),
                           .k = piece.stride - first,
                           .in = Number::F16,
                           .out_number = split ? Number::F32 : Number::F16,
                           .x_stride = piece.stride,
                           .w_stride = piece.stride};
  matmul.product(product);
  if (!split) return;
  product.sum = Sum::Add;
  product.x = piece.error_rest + first;
  matmul.product(product);
  product.x = piece.error + first;
  product.w = reinterpret_cast<const __half*>(correlation.rest) + at;
  matmul.product(product);
}

/// piece.sums = rows of error · C · errorᵀ, in the units of the scaled errors.
void score(Matmul& matmul, const Piece& piece, std::int64_t rows, const Correlation& correlation) {
  const LaunchShape shape = {.grid = dim3(static_cast<unsigned>((rows + kWarps - 1) / kWarps)),
                             .block = dim3(kThreads)};
  for (std::int64_t first = 0; first < piece.stride; first += kPanel) {
    multiply_panel(matmul, piece, rows, correlation, first);
    const auto width = static_cast<int>(std::min(kPanel, piece.stride - first));
    if (piece.precision == Precision::Split) {
      launch("row losses", shape, matmul.stream(), dot_rows<float>, piece.error + first,
             piece.error_rest + first, piece.stride, static_cast<const float*>(piece.product),
             width, rows, first == 0, piece.sums);
    } else {
      launch("row losses", shape, matmul.stream(), dot_rows<__half>, piece.error + first, nullptr,
             piece.stride, static_cast<const __half*>(piece.product), width, rows, first == 0,
             piece.sums);
    }
  }
}

/// piece.sums of `rows` rows of float32 errors.
void score_errors(Matmul& matmul, const Piece& piece, const float* error, std::int64_t rows,
                  const Correlation& correlation) {
  launch("scaled errors", {.grid = dim3(static_cast<unsigned>(rows)), .block = dim3(kThreads)},
         matmul.stream(), scale_rows, error, correlation.root, correlation.n, piece.stride,
         headroom_for(correlation.n), piece.error, piece.error_rest, piece.row_factor);
  score(matmul, piece, rows, correlation);
}

void expect_rest(const Correlation& correlation, Precision precision) {
  if (precision == Precision::Split && correlation.rest == nullptr) {
    throw std::logic_error("quadratic form: the split precision needs the correlation's rest");
  }
}

/// Fills piece.sums with `candidates` times input.out_features rows.
void score_candidates(Matmul& matmul, const Piece& piece, const RoundingInput& input,
                      std::int64_t candidates, std::int64_t clip_stride,
                      const Correlation& correlation) {
  if (piece.precision == Precision::Split) {
    rounding_errors(input, static_cast<int>(candidates), clip_stride, piece.exact, matmul.stream());
    return score_errors(matmul, piece, piece.exact, candidates * input.out_features, correlation);
  }
  scaled_rounding_errors(input, static_cast<int>(candidates), clip_stride,
                         {.root = correlation.root,
                          .error = reinterpret_cast<std::uint16_t*>(piece.error),
                          .row_factor = piece.row_factor,
                          .stride = piece.stride,
                          .headroom = headroom_for(correlation.n)},
                         matmul.stream());
  score(matmul, piece, candidates * input.out_features, correlation);
}

}  // namespace

std::int64_t loss_workspace_bytes(std::int64_t n, std::int64_t rows, Precision precision) {
  return std::max(rows, kLeastRows) * bytes_per_row(n, precision) + 6 * kAlignment;
}

void quadratic_form(Matmul& matmul, const float* error, std::int64_t rows,
                    const Correlation& correlation, double* row_losses, LossWorkspace workspace,
                    Precision precision) {
  if (rows == 0) return;
  expect_rest(correlation, precision);
  const Piece piece = lay_out(correlation.n, rows, precision, workspace);
  for (std::int64_t begin = 0; begin < rows; begin += piece.rows) {
    const std::int64_t count = std::min(piece.rows, rows - begin);
    score_errors(matmul, piece, error + begin * correlation.n, count, correlation);
    launch("losses", {.grid = dim3(1), .block = dim3(kThreads)}, matmul.stream(), finish_losses,
           piece.sums, piece.row_factor, count, std::int64_t{0}, true, nullptr, row_losses + begin);
  }
}

void candidate_losses(Matmul& matmul, const CandidateLosses& problem,
                      const Correlation& correlation, LossWorkspace workspace) {
  const std::int64_t rows = problem.input.out_features;
  const std::int64_t n = problem.input.in_features;
  const std::int64_t candidates = problem.candidates;
  if (n != correlation.n) throw std::logic_error("candidate losses: not the weight's correlation");
  if (rows == 0) return;
  expect_rest(correlation, problem.precision);
  const Piece piece = lay_out(n, rows * candidates, problem.precision, workspace);
  const std::int64_t together = std::min(candidates, piece.rows);
  const std::int64_t step = piece.rows / together;
  for (std::int64_t begin = 0; begin < rows; begin += step) {
    for (std::int64_t c = 0; c < candidates; c += together) {
      const std::int64_t tried = std::min(together, candidates - c);
      RoundingInput input = problem.input;
      input.out_features = std::min(step, rows - begin);
      input.weight += begin * n;
      if (input.channel_scales != nullptr) input.channel_scales += c * n;
      if (input.clip != nullptr) {
        input.clip += c * problem.clip_stride + begin * input.num_groups();
      }
      score_candidates(matmul, piece, input, tried, problem.clip_stride, correlation);
      launch("losses", {.grid = dim3(static_cast<unsigned>(tried)), .block = dim3(kThreads)},
             matmul.stream(), finish_losses, piece.sums, piece.row_factor, input.out_features, rows,
             begin == 0 && problem.sum == Sum::Replace,
             problem.losses == nullptr ? nullptr : problem.losses + c,
             problem.row_losses == nullptr ? nullptr : problem.row_losses + c * rows + begin);
    }
  }
}

}  // namespace salient::kernels::cuda
