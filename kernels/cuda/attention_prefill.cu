// SPDX-License-Identifier: Apache-2.0
// Attention of a chunk of tokens: rotated keys and values go to the cache, then blocks [head, run
// of rows] walk over the cached positions that their rows see. The two buffers of keys and values
// are filled while the other one is used.

#include <algorithm>

#include "kernels/cuda/attention_prefill.cuh"
#include "kernels/cuda/attention_stages.h"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/rotary.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kWarp;

struct Four {
  float x[4];
};
__device__ Four load_four(const float* from) {
  const float4 v = *reinterpret_cast<const float4*>(from);
  return {{v.x, v.y, v.z, v.w}};
}
/// As halves, 8 bytes at once.
__device__ void store_four(__half* to, const Four& v) {
  const uint2 halves = {bits_of(saturated_half2(v.x[0], v.x[1])),
                        bits_of(saturated_half2(v.x[2], v.x[3]))};
  *reinterpret_cast<uint2*>(to) = halves;
}

/// One warp per (token, key head).
__global__ void append_kernel(const __grid_constant__ AttentionProblem p) {
  let_successor_start();
  wait_for_predecessor();
  const int d = static_cast<int>(p.shape.head_dim);
  const int half = d / 2;
  const int lane = static_cast<int>(threadIdx.x) % kWarp;
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp;
  if (row >= p.tokens * p.shape.num_kv_heads) return;
  const std::int64_t token = row / p.shape.num_kv_heads;
  const std::int64_t head = row % p.shape.num_kv_heads;
  const int position = *p.position + static_cast<int>(token);
  const std::int64_t to = (head * p.capacity + position) * d;
  auto* keys = reinterpret_cast<__half*>(p.keys) + to;
  auto* values = reinterpret_cast<__half*>(p.values) + to;
  for (int i = 4 * lane; i < half; i += 4 * kWarp) {
    Four a = load_four(p.k + row * d + i);
    Four b = load_four(p.k + row * d + i + half);
    const Four frequencies = load_four(p.inverse_frequencies + i);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const Turn turn(position, frequencies.x[j]);
      const float first = turn.first(a.x[j], b.x[j]);
      b.x[j] = turn.second(a.x[j], b.x[j]);
      a.x[j] = first;
    }
    store_four(keys + i, a);
    store_four(keys + i + half, b);
  }
  for (int i = 4 * lane; i < d; i += 4 * kWarp) {
    store_four(values + i, load_four(p.v + row * d + i));
  }
}

template <int kDims, int kTiles, int kKeys>
class PrefillBlock {
 public:
  using Warp = PrefillWarp<kDims, kTiles, kKeys>;
  static constexpr int kStride = Warp::kStride;
  static constexpr int kRows = kWarps * Warp::kRows;
  static constexpr std::size_t kSharedBytes = (kRows + 2 * kKeys) * kStride * sizeof(__half);

  __device__ PrefillBlock(const AttentionProblem& problem, __half* shared)
      : p_(problem),
        queries_(shared),
        keys_(shared + kRows * kStride),
        values_(keys_ + kKeys * kStride),
        dims_(static_cast<int>(problem.shape.head_dim)),
        head_(static_cast<int>(blockIdx.x)),
        // The longest rows start first, so that no block is left alone at the end.
        first_(static_cast<int>(gridDim.y - 1 - blockIdx.y) * kRows),
        rows_(min(kRows, static_cast<int>(problem.tokens) - first_)),
        position_(*problem.position) {
    const std::int64_t group = p_.shape.num_heads / p_.shape.num_kv_heads;
    const std::int64_t from = head_ / group * p_.capacity * dims_;
    cached_keys_ = reinterpret_cast<const __half*>(p_.keys) + from;
    cached_values_ = reinterpret_cast<const __half*>(p_.values) + from;
  }

  __device__ void run() {
    const int own = static_cast<int>(threadIdx.x) / kWarp;
    const int lane = static_cast<int>(threadIdx.x) % kWarp;
    const int length = position_ + first_ + rows_;
    load_tile(keys_, cached_keys_, 0, length);
    commit_copies();
    load_queries();
    Warp warp(queries_ + own * Warp::kRows * kStride, lane);
    // Keys that the warp's first row sees.
    const int visible = position_ + first_ + own * Warp::kRows + 1;
    for (int key = 0; key < length; key += kKeys) {
      wait_for_copies<0>();
      __syncthreads();
      load_tile(values_, cached_values_, key, length);
      commit_copies();
      // Of the last tiles a warp's rows may see nothing.
      const bool sees = key < visible + Warp::kRows - 1;
      if (sees) warp.score(keys_);
      wait_for_copies<0>();
      __syncthreads();
      if (key + kKeys < length) load_tile(keys_, cached_keys_, key + kKeys, length);
      commit_copies();
      if (!sees) continue;
      if (key + kKeys > visible) warp.hide(visible - key);
      warp.weigh();
      warp.accumulate(values_);
    }
    const std::int64_t width = p_.shape.num_heads * dims_;
    const int first = first_ + own * Warp::kRows;
    warp.store(p_.out + first * width + static_cast<std::int64_t>(head_) * dims_, width,
               static_cast<int>(p_.tokens) - first, dims_);
  }

 private:
  /// Rows key … key + kKeys - 1 of the cache, zeros past its length and past head_dim.
  __device__ void load_tile(__half* tile, const __half* cached, int key, int length) const {
    constexpr int kVectors = kDims / 8;
#pragma unroll
    for (int i = static_cast<int>(threadIdx.x); i < kKeys * kVectors; i += kThreads) {
      const int row = i / kVectors;
      const int dim = i % kVectors * 8;
      const bool valid = key + row < length && dim < dims_;
      const std::int64_t from = static_cast<std::int64_t>(key + row) * dims_ + dim;
      copy_async(tile + row * kStride + dim, valid ? cached + from : cached, valid);
    }
  }

  /// Rotated, scaled queries as halves; zeros past the last token and past head_dim.
  __device__ void load_queries() const {
    constexpr int kFours = kDims / 8;
    constexpr int kBatch = 4;  // loads of a thread under way
    const int half = dims_ / 2;
    if (dims_ < kDims) clear_queries();
    for (int base = static_cast<int>(threadIdx.x); base < kRows * kFours;
         base += kBatch * kThreads) {
      Four a[kBatch] = {};
      Four b[kBatch] = {};
      Four frequencies[kBatch] = {};
#pragma unroll
      for (int j = 0; j < kBatch; ++j) {
        const int row = (base + j * kThreads) / kFours;
        const int pair = (base + j * kThreads) % kFours * 4;
        if (pair >= half || row >= rows_) continue;
        const float* from = p_.q + ((first_ + row) * p_.shape.num_heads + head_) * dims_ + pair;
        a[j] = load_four(from);
        b[j] = load_four(from + half);
        frequencies[j] = load_four(p_.inverse_frequencies + pair);
      }
#pragma unroll
      for (int j = 0; j < kBatch; ++j) {
        const int row = (base + j * kThreads) / kFours;
        const int pair = (base + j * kThreads) % kFours * 4;
        if (pair >= half || row >= kRows) continue;
        turn_four(a[j], b[j], position_ + first_ + row, frequencies[j]);
        store_four(queries_ + row * kStride + pair, a[j]);
        store_four(queries_ + row * kStride + pair + half, b[j]);
      }
    }
  }
  __device__ void turn_four(Four& a, Four& b, int position, const Four& frequencies) const {
    const float scale = 1.44269504F / sqrtf(static_cast<float>(dims_));
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const QuickTurn turn(position, frequencies.x[i]);
      const float first = turn.first(a.x[i], b.x[i]) * scale;
      b.x[i] = turn.second(a.x[i], b.x[i]) * scale;
      a.x[i] = first;
    }
  }
  __device__ void clear_queries() const {
    for (int i = static_cast<int>(threadIdx.x); i < kRows * kDims; i += kThreads) {
      if (i % kDims >= dims_) queries_[i / kDims * kStride + i % kDims] = __float2half_rn(0);
    }
  }
  const AttentionProblem& p_;
  __half* queries_;
  __half* keys_;
  __half* values_;
  const __half* cached_keys_;
  const __half* cached_values_;
  int dims_;
  int head_;
  int first_;  ///< row of the chunk
  int rows_;
  int position_;
};

template <int kDims, int kTiles, int kKeys>
__global__ void __launch_bounds__(kThreads, kDims > 128 ? 1 : 4 - kTiles)
    prefill_kernel(const __grid_constant__ AttentionProblem problem) {
  extern __shared__ __align__(16) unsigned char shared[];
  let_successor_start();
  wait_for_predecessor();
  PrefillBlock<kDims, kTiles, kKeys>(problem, reinterpret_cast<__half*>(shared)).run();
}

template <int kDims, int kTiles, int kKeys>
void launch_prefill(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency) {
  using Block = PrefillBlock<kDims, kTiles, kKeys>;
  const auto kernel = prefill_kernel<kDims, kTiles, kKeys>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(Block::kSharedBytes)),
        "attention: shared memory");
  const std::int64_t tiles = (problem.tokens + Block::kRows - 1) / Block::kRows;
  launch(
      "attention",
      {.grid = dim3(static_cast<unsigned>(problem.shape.num_heads), static_cast<unsigned>(tiles)),
       .block = dim3(kThreads),
       .shared_bytes = Block::kSharedBytes,
       .dependency = dependency},
      stream, kernel, problem);
}

}  // namespace

void append_to_cache(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency) {
  const std::int64_t rows = problem.tokens * problem.shape.num_kv_heads;
  launch("attention: append",
         {.grid = dim3(static_cast<unsigned>((rows + kWarps - 1) / kWarps)),
          .block = dim3(kThreads),
          .dependency = dependency},
         stream, append_kernel, problem);
}

void prefill_attention(const AttentionProblem& problem, cudaStream_t stream,
                       Dependency dependency) {
  const std::int64_t dims = problem.shape.head_dim;
  // Twice the rows a block halve the reads of shared memory, but want two blocks a processor.
  const std::int64_t large_blocks = (problem.tokens + 127) / 128 * problem.shape.num_heads;
  const bool few = large_blocks < 2 * 132;
  const auto launch_chosen = few           ? dims <= 64    ? launch_prefill<64, 1, 64>
                                             : dims <= 96  ? launch_prefill<96, 1, 64>
                                             : dims <= 128 ? launch_prefill<128, 1, 64>
                                                           : launch_prefill<256, 1, 32>
                                       : dims <= 64 ? launch_prefill<64, 2, 64>
                             : dims <= 96  ? launch_prefill<96, 2, 64>
                             : dims <= 128 ? launch_prefill<128, 2, 64>
                                           : launch_prefill<256, 1, 32>;
  launch_chosen(problem, stream, dependency);
}

}  // namespace salient::kernels::cuda
