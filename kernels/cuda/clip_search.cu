// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <string>

#include "kernels/cuda/clip_search.h"
#include "kernels/cuda/fold.h"
#include "kernels/cuda/rounding_grid.cuh"

namespace salient::kernels::cuda {
namespace {

/// A block takes one group of eight rows; sixteen threads share a row. Each thread sums all ten
/// candidates of its row for its share of the columns, so that one load of G serves ten products
/// and one load of an error as many as the thread has columns.
constexpr int kRows = 8;
constexpr int kColumnThreads = 16;
constexpr int kThreads = kRows * kColumnThreads;
constexpr unsigned kLanes = 0xFFFFFFFFU;
/// Floats from one row's ten errors to the next row's, and from one column to the next: multiples
/// of four for vector loads, and neighbouring columns in different banks.
constexpr int kRowStride = 12;
constexpr int kColumnStride = kRows * kRowStride + 4;
constexpr std::int64_t kWidest = 128;
constexpr std::int64_t kAlignment = 256;
/// Rows in flight where a whole row is one group.
constexpr std::int64_t kRowsInFlight = 8192;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

/// Columns that a group is padded to.
int width_of(std::int64_t group_size) {
  return group_size <= 32 ? 32 : group_size <= 64 ? 64 : 128;
}

__device__ float candidate_limit(float most, int candidate) {
  return static_cast<float>(static_cast<double>(most) * (1.0 - candidate / 20.0));
}

/// The first of the least; a NaN only when there is nothing else.
template <class Loss>
__device__ int best_candidate(const Loss& loss) {
  int best = 0;
  for (int c = 1; c < kClipCandidates; ++c) {
    const bool usable = loss(c) == loss(c);
    if (loss(c) < loss(best) || (usable && loss(best) != loss(best))) best = c;
  }
  return best;
}

/// blocks [groups, width, width]: the diagonal blocks of G, folded and padded with zeros. G is
/// symmetric, so the quarter below the diagonal stands for the one above it, too: it is doubled,
/// and the other is never read.
__global__ void copy_blocks(ClipProblem problem, int width, float* __restrict__ blocks) {
  const std::int64_t first = blockIdx.x * problem.group_size;
  const std::int64_t count = min(problem.group_size, problem.in_features - first);
  float* out = blocks + static_cast<std::int64_t>(blockIdx.x) * width * width;
  for (int at = threadIdx.x; at < width * width; at += blockDim.x) {
    const int i = at / width, j = at % width;
    float value = 0;
    if (i < count && j < count) {
      const std::int64_t row = first + max(i, j), column = first + min(i, j);
      value = problem.gram[row * problem.in_features + column];
      const float* s = problem.channel_scales;
      if (s != nullptr) value = __fdiv_rn(value, __fmul_rn(s[row], s[column]));
      if (i >= width / 2 && j < width / 2) value *= 2.0F;
    }
    out[at] = value;
  }
}

/// The errors of all candidates of the thread's row, errors[column][row][candidate]; columns beyond
/// `count` get none. Returns the group's largest magnitude.
template <int kWidth>
__device__ float candidate_errors(const GridRule& rule, const float* __restrict__ weight, int count,
                                  float* errors) {
  constexpr int kEach = kWidth / kColumnThreads;
  const int row = static_cast<int>(threadIdx.x) / kColumnThreads;
  const int lane = static_cast<int>(threadIdx.x) % kColumnThreads;
  float w[kEach];
  float low = __builtin_huge_valf(), high = -__builtin_huge_valf();
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int column = lane + i * kColumnThreads;
    w[i] = column < count ? weight[column] : 0.0F;
    if (column >= count) continue;
    low = fminf(w[i], low);
    high = fmaxf(w[i], high);
  }
#pragma unroll
  for (int offset = kColumnThreads / 2; offset > 0; offset /= 2) {
    low = fminf(__shfl_xor_sync(kLanes, low, offset), low);
    high = fmaxf(__shfl_xor_sync(kLanes, high, offset), high);
  }
  const float most = fmaxf(-low, high);
  const float own_limit = candidate_limit(most, lane);
  const GroupGrid own = solve_grid(rule, fmaxf(low, -own_limit), fminf(high, own_limit));
  const float own_inverse = __frcp_rn(own.step);
#pragma unroll
  for (int c = 0; c < kClipCandidates; ++c) {
    const GroupGrid grid = {__shfl_sync(kLanes, own.step, c, kColumnThreads),
                            __shfl_sync(kLanes, own.zero, c, kColumnThreads)};
    const float inverse = __shfl_sync(kLanes, own_inverse, c, kColumnThreads);
    const float limit = __shfl_sync(kLanes, own_limit, c, kColumnThreads);
#pragma unroll
    for (int i = 0; i < kEach; ++i) {
      const int column = lane + i * kColumnThreads;
      const float clipped = fmaxf(fminf(w[i], limit), -limit);
      // A quotient with one step of Newton's: a division but for numbers that overflow.
      const float near = clipped * inverse;
      const float quotient = fmaf(fmaf(-near, grid.step, clipped), inverse, near);
      const float code = fminf(fmaxf(rintf(quotient) + grid.zero, 0.0F), rule.top);
      const float error = __fsub_rn(value_of(grid, code), w[i]);
      errors[column * kColumnStride + row * kRowStride + c] = column < count ? error : 0.0F;
    }
  }
  return most;
}

/// The thread's columns: one piece in each half of the group.
template <int kWidth>
struct Columns {
  static constexpr int kPiece = kWidth / kColumnThreads / 2;
  __device__ static int at(int lane, int half) { return half * (kWidth / 2) + lane * kPiece; }
};

template <int kPiece>
__device__ __forceinline__ void load_piece(const float* __restrict__ from, float (&out)[kPiece]) {
  if constexpr (kPiece == 4) {
    const float4 four = __ldg(reinterpret_cast<const float4*>(from));
    out[0] = four.x;
    out[1] = four.y;
    out[2] = four.z;
    out[3] = four.w;
  } else if constexpr (kPiece == 2) {
    const float2 two = __ldg(reinterpret_cast<const float2*>(from));
    out[0] = two.x;
    out[1] = two.y;
  } else {
    out[0] = __ldg(from);
  }
}

/// sums[candidate][column] += errors[k][candidate] · g[column].
template <int kPiece>
__device__ __forceinline__ void add_products(const float (&e)[kRowStride], const float (&g)[kPiece],
                                             float (&sums)[kClipCandidates][kPiece]) {
#pragma unroll
  for (int c = 0; c < kClipCandidates; ++c) {
#pragma unroll
    for (int i = 0; i < kPiece; ++i) sums[c][i] = fmaf(e[c], g[i], sums[c][i]);
  }
}

__device__ __forceinline__ void load_errors(const float* from, float (&e)[kRowStride]) {
#pragma unroll
  for (int i = 0; i < kRowStride; i += 4) {
    const float4 four = *reinterpret_cast<const float4*>(from + i);
    e[i] = four.x;
    e[i + 1] = four.y;
    e[i + 2] = four.z;
    e[i + 3] = four.w;
  }
}

/// The thread's share of one candidate's loss.
template <int kPiece>
__device__ __forceinline__ float share_of_loss(const float (&sums)[kPiece], const float* errors,
                                               int first_column, int candidate) {
  float share = 0;
#pragma unroll
  for (int i = 0; i < kPiece; ++i) {
    share += sums[i] * errors[(first_column + i) * kColumnStride + candidate];
  }
  return share;
}

template <int kWidth>
__global__ void __launch_bounds__(kThreads, 3)
    search_groups(ClipProblem problem, GridRule rule, const float* __restrict__ blocks) {
  extern __shared__ __align__(16) float errors[];
  using Own = Columns<kWidth>;
  constexpr int kPiece = Own::kPiece;
  const int row = static_cast<int>(threadIdx.x) / kColumnThreads;
  const int lane = static_cast<int>(threadIdx.x) % kColumnThreads;
  const std::int64_t group = blockIdx.y;
  const std::int64_t first = group * problem.group_size;
  const auto count = static_cast<int>(min(problem.group_size, problem.in_features - first));
  const std::int64_t wanted = static_cast<std::int64_t>(blockIdx.x) * kRows + row;
  // Rows past the end repeat the last one and are not written.
  const std::int64_t out = min(wanted, problem.out_features - 1);
  const float most = candidate_errors<kWidth>(
      rule, problem.weight + out * problem.in_features + first, count, errors);
  // A row belongs to half a warp, which alone reads what it wrote.
  __syncwarp();
  const float* gram = blocks + group * kWidth * kWidth;
  const float* own_errors = errors + row * kRowStride;
  const int left = Own::at(lane, 0), right = Own::at(lane, 1);
  float left_sums[kClipCandidates][kPiece] = {}, right_sums[kClipCandidates][kPiece] = {};
#pragma unroll 4
  for (int k = 0; k < min(count, kWidth / 2); ++k) {
    float g[kPiece], e[kRowStride];
    load_piece<kPiece>(gram + k * kWidth + left, g);
    load_errors(own_errors + k * kColumnStride, e);
    add_products<kPiece>(e, g, left_sums);
  }
#pragma unroll 2
  for (int k = kWidth / 2; k < count; ++k) {
    float g[kPiece], h[kPiece], e[kRowStride];
    load_piece<kPiece>(gram + k * kWidth + left, g);
    load_piece<kPiece>(gram + k * kWidth + right, h);
    load_errors(own_errors + k * kColumnStride, e);
    add_products<kPiece>(e, g, left_sums);
    add_products<kPiece>(e, h, right_sums);
  }
  double losses[kClipCandidates];
#pragma unroll
  for (int c = 0; c < kClipCandidates; ++c) {
    double loss = static_cast<double>(share_of_loss<kPiece>(left_sums[c], own_errors, left, c)) +
                  static_cast<double>(share_of_loss<kPiece>(right_sums[c], own_errors, right, c));
#pragma unroll
    for (int offset = kColumnThreads / 2; offset > 0; offset /= 2) {
      loss += __shfl_xor_sync(kLanes, loss, offset);
    }
    losses[c] = loss;
  }
  if (lane != 0 || wanted >= problem.out_features) return;
  int best = 0;
  double least = losses[0];
#pragma unroll
  for (int c = 1; c < kClipCandidates; ++c) {
    const bool usable = losses[c] == losses[c];
    if (losses[c] < least || (usable && least != least)) {
      best = c;
      least = losses[c];
    }
  }
  problem.max_abs[out * problem.num_groups() + group] = candidate_limit(most, best);
}

template <int kWidth>
void launch_groups(const ClipProblem& problem, const float* blocks, cudaStream_t stream) {
  const auto groups = static_cast<unsigned>(problem.num_groups());
  const auto row_blocks = static_cast<unsigned>((problem.out_features + kRows - 1) / kRows);
  constexpr int kBytes = kWidth * kColumnStride * static_cast<int>(sizeof(float));
  check(cudaFuncSetAttribute(search_groups<kWidth>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             kBytes),
        "clip search");
  launch("clip search",
         {.grid = dim3(row_blocks, groups), .block = dim3(kThreads), .shared_bytes = kBytes},
         stream, search_groups<kWidth>, problem, grid_rule(problem.grid, problem.bits), blocks);
}

/// limits [candidates, rows] of whole rows.
__global__ void row_limits(const float* __restrict__ peaks, std::int64_t rows, float* limits) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  for (int c = 0; c < kClipCandidates; ++c) {
    limits[c * rows + row] = candidate_limit(peaks[row], c);
  }
}

__global__ void choose_limits(const double* __restrict__ losses, const float* __restrict__ limits,
                              std::int64_t rows, float* max_abs) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  const int best = best_candidate([&](int c) { return losses[c * rows + row]; });
  max_abs[row] = limits[best * rows + row];
}

/// One group a row: ten candidates of the losses that the search of alpha has, too.
void search_rows(Matmul& matmul, const ClipProblem& problem, void* workspace) {
  const std::int64_t rows = problem.out_features, n = problem.in_features;
  const cudaStream_t stream = matmul.stream();
  auto* next = static_cast<char*>(workspace);
  const auto take = [&](std::int64_t bytes) {
    char* taken = next;
    next += round_up(bytes);
    return taken;
  };
  auto* matrix = reinterpret_cast<std::uint16_t*>(take(correlation_bytes(n)));
  const Correlation correlation = {matrix, reinterpret_cast<float*>(take(n * 4)), n};
  auto* limits = reinterpret_cast<float*>(take(kClipCandidates * rows * 4));
  auto* losses = reinterpret_cast<double*>(take(kClipCandidates * rows * 8));
  const std::int64_t in_flight = std::min(kRowsInFlight, kClipCandidates * rows);
  const LossWorkspace loss_workspace = {next, loss_workspace_bytes(n, in_flight)};
  prepare_correlation(problem.gram, correlation, stream);
  if (problem.channel_scales != nullptr) {
    divide(correlation.root, problem.channel_scales, n, correlation.root, stream);
  }
  float* peaks = problem.max_abs;
  check(cudaMemsetAsync(peaks, 0, static_cast<std::size_t>(rows) * 4, stream), "clip search");
  raise_row_peaks(problem.weight, rows, n, peaks, stream);
  const LaunchShape shape = {.grid = dim3(static_cast<unsigned>((rows + 127) / 128)),
                             .block = dim3(128)};
  launch("clip limits", shape, stream, row_limits, peaks, rows, limits);
  candidate_losses(matmul,
                   {.input = {.weight = problem.weight,
                              .out_features = rows,
                              .in_features = n,
                              .channel_scales = nullptr,
                              .clip = limits,
                              .bits = problem.bits,
                              .group_size = n,
                              .grid = problem.grid},
                    .candidates = kClipCandidates,
                    .clip_stride = rows,
                    .row_losses = losses},
                   correlation, loss_workspace);
  launch("clip choice", shape, stream, choose_limits, losses, limits, rows, problem.max_abs);
}

}  // namespace

std::int64_t clip_search_workspace_bytes(std::int64_t out_features, std::int64_t in_features,
                                         std::int64_t group_size) {
  const std::int64_t groups = (in_features + group_size - 1) / group_size;
  const std::int64_t width = width_of(group_size);
  if (group_size <= kWidest) return round_up(groups * width * width * 4);
  const std::int64_t in_flight = std::min(kRowsInFlight, kClipCandidates * out_features);
  return round_up(correlation_bytes(in_features)) + round_up(in_features * 4) +
         round_up(kClipCandidates * out_features * 4) +
         round_up(kClipCandidates * out_features * 8) +
         loss_workspace_bytes(in_features, in_flight);
}

void clip_search(Matmul& matmul, const ClipProblem& problem, void* workspace) {
  if (problem.out_features == 0) return;
  if (problem.group_size > kWidest) {
    if (problem.num_groups() == 1) return search_rows(matmul, problem, workspace);
    throw std::logic_error("clip search: groups of " + std::to_string(problem.group_size) +
                           " columns; up to 128 and whole rows are known");
  }
  auto* blocks = static_cast<float*>(workspace);
  const int width = width_of(problem.group_size);
  launch("clip blocks",
         {.grid = dim3(static_cast<unsigned>(problem.num_groups())), .block = dim3(256)},
         matmul.stream(), copy_blocks, problem, width, blocks);
  if (width == 32) return launch_groups<32>(problem, blocks, matmul.stream());
  if (width == 64) return launch_groups<64>(problem, blocks, matmul.stream());
  launch_groups<128>(problem, blocks, matmul.stream());
}

}  // namespace salient::kernels::cuda
