// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "kernels/cuda/step_statistics.h"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr unsigned kLanes = 0xFFFFFFFFU;
/// The median is found eleven bits at a time, from the top.
constexpr int kDigitBits = 11;
constexpr int kDigits = 1 << kDigitBits;
constexpr int kKeyBits = 64;
constexpr double kSmallestRange = 1e-5;
constexpr std::int64_t kAlignment = 256;

std::int64_t round_up(std::int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct MedianState {
  unsigned long long prefix;  ///< the bits known so far
  unsigned long long rank;    ///< among the keys that share them
  unsigned int counts[kDigits];
};

struct Workspace {
  MedianState* median;
  double* ratios;        ///< [num_groups, out_features]
  unsigned int* counts;  ///< [num_groups, fine_bins] ratios by their own fine bin
};

/// Bins are at most this many; the workspace does not depend on the problem's number.
constexpr std::int64_t kMostBins = 8192;

Workspace lay_out(const StepProblem& problem, void* data) {
  auto* next = static_cast<char*>(data);
  Workspace workspace = {};
  workspace.median = reinterpret_cast<MedianState*>(next);
  next += round_up(sizeof(MedianState));
  workspace.ratios = reinterpret_cast<double*>(next);
  next += round_up(problem.out_features * problem.num_groups() * 8);
  workspace.counts = reinterpret_cast<unsigned int*>(next);
  return workspace;
}

__device__ double exact_step(double low, double high, bool symmetric, int levels) {
  if (symmetric) return fmax(fmax(fabs(low), fabs(high)), kSmallestRange) / (levels / 2 - 1);
  return fmax(high - low, kSmallestRange) / (levels - 1);
}

__device__ void count_one(std::int64_t* counts, std::int64_t bin, int bins) {
  const std::int64_t clamped = max(std::int64_t{0}, min(bin, static_cast<std::int64_t>(bins - 1)));
  atomicAdd(reinterpret_cast<unsigned long long*>(counts + clamped), 1ULL);
}

/// Ratios and their bins, a warp per group of a row.
__global__ void __launch_bounds__(kThreads)
    find_ratios(StepProblem problem, Workspace workspace, StepSums sums) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= problem.out_features) return;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::int64_t group = blockIdx.y;
  const std::int64_t first = group * problem.group_size;
  const std::int64_t end = min(first + problem.group_size, problem.in_features);
  const float* weight = problem.weight + row * problem.in_features;
  float low = __builtin_huge_valf(), high = -low;
  double scaled_low = low, scaled_high = high;
  for (std::int64_t j = first + lane; j < end; j += 32) {
    const float w = weight[j];
    const double scaled = static_cast<double>(w) * problem.scales[j];
    low = fminf(low, w);
    high = fmaxf(high, w);
    scaled_low = fmin(scaled_low, scaled);
    scaled_high = fmax(scaled_high, scaled);
  }
  for (int offset = 16; offset > 0; offset /= 2) {
    low = fminf(low, __shfl_xor_sync(kLanes, low, offset));
    high = fmaxf(high, __shfl_xor_sync(kLanes, high, offset));
    scaled_low = fmin(scaled_low, __shfl_xor_sync(kLanes, scaled_low, offset));
    scaled_high = fmax(scaled_high, __shfl_xor_sync(kLanes, scaled_high, offset));
  }
  const bool symmetric = problem.grid == Grid::Symmetric;
  const int levels = 1 << problem.bits;
  const double ratio =
      exact_step(scaled_low, scaled_high, symmetric, levels) /
      exact_step(static_cast<double>(low), static_cast<double>(high), symmetric, levels);
  const double bins = fmin(fmax(log2(ratio) * problem.fine_per_octave, -1e6), 1e6);
  const std::int64_t fine = llround(bins) + problem.fine_bins / 2;
  const bool usual = fine >= 0 && fine < problem.fine_bins;
  if (lane == 0) {
    workspace.ratios[group * problem.out_features + row] = ratio;
    if (ratio != 1.0) atomicAdd(reinterpret_cast<unsigned long long*>(sums.changed), 1ULL);
    if (usual) atomicAdd(workspace.counts + group * problem.fine_bins + fine, 1U);
  }
  if (usual) return;
  for (std::int64_t j = first + lane; j < end; j += 32) {
    count_one(problem.salient[j] != 0 ? sums.salient : sums.other, fine - problem.fine_scales[j],
              problem.fine_bins);
  }
}

/// Every column of a group shifts the group's counts by its own scale; a block per group, one bin
/// of the group a thread.
__global__ void __launch_bounds__(kThreads)
    spread_counts(StepProblem problem, Workspace workspace, StepSums sums) {
  extern __shared__ unsigned int of_group[];  // [2, fine_bins]: other, salient
  const int bins = problem.fine_bins;
  const std::int64_t group = blockIdx.x;
  const std::int64_t first = group * problem.group_size;
  const std::int64_t end = min(first + problem.group_size, problem.in_features);
  for (int i = static_cast<int>(threadIdx.x); i < 2 * bins; i += kThreads) of_group[i] = 0;
  __syncthreads();
  for (int fine = static_cast<int>(threadIdx.x); fine < bins; fine += kThreads) {
    const unsigned int count = workspace.counts[group * bins + fine];
    if (count == 0) continue;
    for (std::int64_t j = first; j < end; ++j) {
      const int bin = max(0, min(fine - problem.fine_scales[j], bins - 1));
      atomicAdd(of_group + (problem.salient[j] != 0 ? bins : 0) + bin, count);
    }
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < 2 * bins; i += kThreads) {
    if (of_group[i] == 0) continue;
    std::int64_t* to = i < bins ? sums.other + i : sums.salient + i - bins;
    atomicAdd(reinterpret_cast<unsigned long long*>(to),
              static_cast<unsigned long long>(of_group[i]));
  }
}

/// In a fixed order; a block per group.
__global__ void __launch_bounds__(kThreads)
    sum_ratios(const double* __restrict__ ratios, std::int64_t rows, double* ratio_sums) {
  __shared__ double of_thread[kThreads];
  double sum = 0;
  for (std::int64_t i = threadIdx.x; i < rows; i += kThreads) sum += ratios[blockIdx.x * rows + i];
  of_thread[threadIdx.x] = sum;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) of_thread[threadIdx.x] += of_thread[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) ratio_sums[blockIdx.x] = of_thread[0];
}

/// Positive doubles order as their bits do. `shift` is where this pass's digit starts.
__global__ void __launch_bounds__(kThreads)
    count_digits(const double* __restrict__ ratios, std::int64_t count, int shift, int bits,
                 MedianState* state) {
  __shared__ unsigned int counts[kDigits];
  for (int i = static_cast<int>(threadIdx.x); i < kDigits; i += kThreads) counts[i] = 0;
  __syncthreads();
  const unsigned long long prefix = state->prefix;
  const int known = shift + bits;
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += step) {
    const auto key = static_cast<unsigned long long>(__double_as_longlong(ratios[i]));
    if (known < kKeyBits && key >> known != prefix >> known) continue;
    atomicAdd(counts + ((key >> shift) & ((1U << bits) - 1U)), 1U);
  }
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < kDigits; i += kThreads) {
    if (counts[i] != 0) atomicAdd(state->counts + i, counts[i]);
  }
}

/// The digit that holds the wanted rank; one warp. Clears the counts for the next pass.
__global__ void choose_digit(int shift, MedianState* state, double* median) {
  constexpr int kEach = kDigits / 32;
  const int lane = static_cast<int>(threadIdx.x);
  unsigned int own = 0;
  for (int i = 0; i < kEach; ++i) own += state->counts[lane * kEach + i];
  unsigned int before = own;
  for (int offset = 1; offset < 32; offset *= 2) {
    const unsigned int left = __shfl_up_sync(kLanes, before, offset);
    if (lane >= offset) before += left;
  }
  before -= own;
  const unsigned long long rank = state->rank;
  __syncwarp();
  if (rank >= before && rank < static_cast<unsigned long long>(before) + own) {
    unsigned long long seen = before;
    int digit = lane * kEach;
    while (seen + state->counts[digit] <= rank) seen += state->counts[digit++];
    state->rank = rank - seen;
    state->prefix |= static_cast<unsigned long long>(digit) << shift;
    if (shift == 0) *median = __longlong_as_double(static_cast<long long>(state->prefix));
  }
  __syncwarp();
  for (int i = 0; i < kEach; ++i) state->counts[lane * kEach + i] = 0;
}

__global__ void start_median(unsigned long long rank, MedianState* state) {
  state->prefix = 0;
  state->rank = rank;
}

void find_median(const double* ratios, std::int64_t count, MedianState* state, double* median,
                 cudaStream_t stream) {
  check(cudaMemsetAsync(state, 0, sizeof(MedianState), stream), "median of step ratios");
  launch("median start", {.grid = dim3(1), .block = dim3(1)}, stream, start_median, count / 2,
         state);
  const auto blocks =
      static_cast<unsigned>(std::clamp<std::int64_t>(count / (kThreads * 8), 1, 512));
  for (int end = kKeyBits; end > 0; end -= kDigitBits) {
    const int bits = std::min(kDigitBits, end);
    launch("median counts", {.grid = dim3(blocks), .block = dim3(kThreads)}, stream, count_digits,
           ratios, count, end - bits, bits, state);
    launch("median digit", {.grid = dim3(1), .block = dim3(32)}, stream, choose_digit, end - bits,
           state, median);
  }
}

}  // namespace

std::int64_t step_sums_workspace_bytes(std::int64_t out_features, std::int64_t in_features,
                                       std::int64_t group_size) {
  const std::int64_t groups = (in_features + group_size - 1) / group_size;
  return round_up(sizeof(MedianState)) + round_up(out_features * groups * 8) +
         groups * kMostBins * 4;
}

void step_sums(const StepProblem& problem, const StepSums& sums, void* data, cudaStream_t stream) {
  const Workspace workspace = lay_out(problem, data);
  const std::int64_t groups = problem.num_groups();
  const auto bins = static_cast<std::size_t>(problem.fine_bins);
  if (problem.fine_bins > kMostBins) throw std::logic_error("step statistics: too many fine bins");
  check(cudaMemsetAsync(sums.changed, 0, 8, stream), "step statistics");
  check(cudaMemsetAsync(sums.salient, 0, bins * 8, stream), "step statistics");
  check(cudaMemsetAsync(sums.other, 0, bins * 8, stream), "step statistics");
  check(cudaMemsetAsync(workspace.counts, 0, static_cast<std::size_t>(groups) * bins * 4, stream),
        "step statistics");
  launch("step ratios",
         {.grid = dim3(static_cast<unsigned>((problem.out_features + kWarps - 1) / kWarps),
                       static_cast<unsigned>(groups)),
          .block = dim3(kThreads)},
         stream, find_ratios, problem, workspace, sums);
  const std::size_t shared = 2 * bins * sizeof(unsigned int);
  check(cudaFuncSetAttribute(spread_counts, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(shared)),
        "step histograms");
  launch("step histograms",
         {.grid = dim3(static_cast<unsigned>(groups)),
          .block = dim3(kThreads),
          .shared_bytes = shared},
         stream, spread_counts, problem, workspace, sums);
  launch("sums of step ratios",
         {.grid = dim3(static_cast<unsigned>(groups)), .block = dim3(kThreads)}, stream, sum_ratios,
         workspace.ratios, problem.out_features, sums.ratio_sums);
  find_median(workspace.ratios, problem.out_features * groups, workspace.median, sums.median,
              stream);
}

}  // namespace salient::kernels::cuda
