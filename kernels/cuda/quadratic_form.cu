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
/// Columns of the correlation matrix per product: narrower saves more of the upper triangle, wider
/// fills the card.
constexpr std::int64_t kPanel = 1024;
constexpr std::int64_t kLeastRows = 64;
constexpr std::int64_t kAlignment = 256;
constexpr int kTile = 32;
constexpr int kTileRows = 8;

std::int64_t stride_of(std::int64_t n) {
  return (n + 63) / 64 * 64;
}

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
  __half* error;      ///< [rows, stride]
  __half* product;    ///< [rows, kPanel]
  double* sums;       ///< [rows]
  float* row_factor;  ///< [rows]
  std::int64_t rows;
  std::int64_t stride;
};

std::int64_t bytes_per_row(std::int64_t n) {
  return stride_of(n) * 2 + std::min(kPanel, stride_of(n)) * 2 + 12;
}

Piece lay_out(std::int64_t n, std::int64_t wanted, LossWorkspace workspace) {
  Piece piece = {};
  const std::int64_t most = (workspace.bytes - 4 * kAlignment) / bytes_per_row(n);
  piece.rows = std::min(wanted, most);
  piece.stride = stride_of(n);
  if (piece.rows < std::min(wanted, kLeastRows)) {
    throw std::logic_error("quadratic form: a workspace of " + std::to_string(workspace.bytes) +
                           " bytes is too small for " + std::to_string(n) + " columns");
  }
  auto* next = static_cast<char*>(workspace.data);
  const auto take = [&](std::int64_t bytes) {
    char* taken = next;
    next += round_up(bytes);
    return taken;
  };
  piece.error = reinterpret_cast<__half*>(take(piece.rows * piece.stride * 2));
  piece.product = reinterpret_cast<__half*>(take(piece.rows * std::min(kPanel, piece.stride) * 2));
  piece.sums = reinterpret_cast<double*>(take(piece.rows * 8));
  piece.row_factor = reinterpret_cast<float*>(take(piece.rows * 4));
  return piece;
}

__global__ void take_root(const float* __restrict__ gram, std::int64_t n, float* root) {
  const std::int64_t j = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (j < n) root[j] = sqrtf(gram[j * (n + 1)]);
}

/// G_ij of the lower triangle as a correlation, times two where it stands for both triangles.
__device__ __half correlation_of(float value, float root_i, float root_j, float times) {
  const float scale = root_i * root_j;
  return __float2half_rn(scale == 0.0F ? 0.0F : times * (value / scale));
}

/// matrix[j, k] for k at or after the start of j's panel: C inside the square block on the
/// diagonal, 2·C behind it. Tiles below the diagonal of gram are read once and written turned, and
/// inside the square block also as they are.
__global__ void fill_correlation(const float* __restrict__ gram, const float* __restrict__ root,
                                 std::int64_t n, std::int64_t stride, __half* matrix) {
  __shared__ float tile[kTile][kTile + 1];
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * kTile;
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x) * kTile;
  if (first_column > first_row) return;
  const bool square = first_row / kPanel == first_column / kPanel;
  const float times = square ? 1.0F : 2.0F;
  for (int r = threadIdx.y; r < kTile; r += kTileRows) {
    const std::int64_t row = first_row + r;
    const std::int64_t column = first_column + threadIdx.x;
    const bool inside = row < n && column <= row;
    const float root_row = row < n ? root[row] : 0.0F;
    const float root_column = column < n ? root[column] : 0.0F;
    const __half value =
        correlation_of(inside ? gram[row * n + column] : 0.0F, root_row, root_column, times);
    tile[r][threadIdx.x] = __half2float(value);
    if (square && column <= row && row < stride) matrix[row * stride + column] = value;
  }
  __syncthreads();
  for (int r = threadIdx.y; r < kTile; r += kTileRows) {
    const std::int64_t row = first_column + r;
    const std::int64_t column = first_row + threadIdx.x;
    if (column >= stride || row >= stride || row >= column) continue;
    matrix[row * stride + column] = __float2half_rn(tile[threadIdx.x][r]);
  }
}

/// Rows of E·diag(root) in half, each divided by its own power of two.
__global__ void __launch_bounds__(kThreads)
    scale_rows(const float* __restrict__ error, const float* __restrict__ root, std::int64_t n,
               std::int64_t stride, int headroom, __half* scaled, float* row_factor) {
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
    scaled[row * stride + j] = __float2half_rn(j < n ? from[j] * root[j] * scale : 0.0F);
  }
  if (threadIdx.x == 0) row_factor[row] = 1.0F / scale;
}

/// sums[row] (+)= error[row, first …] · product[row, …] over one panel; a warp per row.
__global__ void __launch_bounds__(kThreads)
    dot_rows(const __half* __restrict__ error, std::int64_t stride,
             const __half* __restrict__ product, int width, std::int64_t rows, bool first,
             double* sums) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= rows) return;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const __half* e = error + row * stride;
  const __half* p = product + row * width;
  double sum = 0;
  // Strides and widths are multiples of 64, so every piece of 8 is whole.
  for (int j = lane * 8; j < width; j += 256) {
    const uint4 e_bits = *reinterpret_cast<const uint4*>(e + j);
    const uint4 p_bits = *reinterpret_cast<const uint4*>(p + j);
    const auto* e_pair = reinterpret_cast<const __half2*>(&e_bits);
    const auto* p_pair = reinterpret_cast<const __half2*>(&p_bits);
    float eight = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float2 a = __half22float2(e_pair[i]);
      const float2 b = __half22float2(p_pair[i]);
      eight += a.x * b.x + a.y * b.y;
    }
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

/// piece.sums = rows of error · C · errorᵀ, in the units of the scaled errors.
void score(Matmul& matmul, const Piece& piece, std::int64_t rows, const Correlation& correlation) {
  const std::int64_t stride = piece.stride;
  const auto* matrix = reinterpret_cast<const __half*>(correlation.matrix);
  for (std::int64_t first = 0; first < stride; first += kPanel) {
    const std::int64_t width = std::min(kPanel, stride - first);
    matmul.product({.x = piece.error + first,
                    .w = matrix + first * stride + first,
                    .out = piece.product,
                    .m = rows,
                    .n = width,
                    .k = stride - first,
                    .in = Number::Float16,
                    .out_number = Number::Float16,
                    .x_stride = stride,
                    .w_stride = stride});
    launch("row losses",
           {.grid = dim3(static_cast<unsigned>((rows + kWarps - 1) / kWarps)),
            .block = dim3(kThreads)},
           matmul.stream(), dot_rows, piece.error + first, stride, piece.product,
           static_cast<int>(width), rows, first == 0, piece.sums);
  }
}

}  // namespace

std::int64_t correlation_bytes(std::int64_t n) {
  return stride_of(n) * stride_of(n) * 2;
}

void prepare_correlation(const float* gram, const Correlation& correlation, cudaStream_t stream) {
  const std::int64_t n = correlation.n;
  const std::int64_t stride = stride_of(n);
  const auto tiles = static_cast<unsigned>(stride / kTile);
  launch(
      "Gram diagonal",
      {.grid = dim3(static_cast<unsigned>((n + kThreads - 1) / kThreads)), .block = dim3(kThreads)},
      stream, take_root, gram, n, correlation.root);
  launch("correlation", {.grid = dim3(tiles, tiles), .block = dim3(kTile, kTileRows)}, stream,
         fill_correlation, gram, correlation.root, n, stride,
         reinterpret_cast<__half*>(correlation.matrix));
}

std::int64_t loss_workspace_bytes(std::int64_t n, std::int64_t rows) {
  return std::max(rows, kLeastRows) * bytes_per_row(n) + 4 * kAlignment;
}

void quadratic_form(Matmul& matmul, const float* error, std::int64_t rows,
                    const Correlation& correlation, double* row_losses, LossWorkspace workspace) {
  if (rows == 0) return;
  const std::int64_t n = correlation.n;
  const Piece piece = lay_out(n, rows, workspace);
  for (std::int64_t begin = 0; begin < rows; begin += piece.rows) {
    const std::int64_t count = std::min(piece.rows, rows - begin);
    launch("scaled errors", {.grid = dim3(static_cast<unsigned>(count)), .block = dim3(kThreads)},
           matmul.stream(), scale_rows, error + begin * n, correlation.root, n, piece.stride,
           headroom_for(n), piece.error, piece.row_factor);
    score(matmul, piece, count, correlation);
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
  const Piece piece = lay_out(n, rows * candidates, workspace);
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
      scaled_rounding_errors(input, static_cast<int>(tried), problem.clip_stride,
                             {.root = correlation.root,
                              .error = reinterpret_cast<std::uint16_t*>(piece.error),
                              .row_factor = piece.row_factor,
                              .stride = piece.stride,
                              .headroom = headroom_for(n)},
                             matmul.stream());
      score(matmul, piece, tried * input.out_features, correlation);
      launch("losses", {.grid = dim3(static_cast<unsigned>(tried)), .block = dim3(kThreads)},
             matmul.stream(), finish_losses, piece.sums, piece.row_factor, input.out_features, rows,
             begin == 0 && problem.sum == Sum::Replace,
             problem.losses == nullptr ? nullptr : problem.losses + c,
             problem.row_losses == nullptr ? nullptr : problem.row_losses + c * rows + begin);
    }
  }
}

}  // namespace salient::kernels::cuda
