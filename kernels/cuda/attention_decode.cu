// SPDX-License-Identifier: Apache-2.0
// Attention of one token in one launch. Blocks [split, key head and chunk of eight query heads]
// take runs of 16-key tiles; the last block of a key head to finish merges all of its parts, in
// the order of the splits. How the positions are split depends on their number alone.

#include <algorithm>

#include "kernels/cuda/attention_decode.cuh"
#include "kernels/cuda/attention_stages.h"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/rotary.cuh"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kWarps = 4;
constexpr int kThreads = 32 * kWarps;
/// Blocks of a large card at once, by slices of 64 dims: 64 KB of the cache in flight on each
/// processor.
constexpr std::int64_t kBlocks[] = {528, 264, 132, 132};
/// A lane of the merge for each.
constexpr std::int64_t kMaxSplits = kWarp;
/// The newest rows are not read before the predecessor is done; all older ones were written many
/// launches ago.
constexpr int kRecent = 64;

/// What the host works out once.
struct DecodePlan {
  AttentionProblem problem;
  int group;   ///< query heads of a key head
  int chunks;  ///< of eight of them
  int max_splits;
  unsigned* tickets;  ///< [num_kv_heads · chunks], zero between launches
  float2* tops;       ///< [num_kv_heads · chunks, max_splits, 8] largest score, sum of weights
  float* sums;        ///< [num_kv_heads · chunks, max_splits, 8, head_dim]
};

__host__ __device__ int tiles_of(int length) {
  return (length + kTileKeys - 1) / kTileKeys;
}
__host__ __device__ int splits_of(int tiles, int max_splits) {
  const int wanted = (tiles + kWarps - 1) / kWarps;
  return wanted < max_splits ? wanted : max_splits;
}

/// The tiles of one block.
struct Run {
  int begin;
  int end;
  int parts;  ///< blocks of this key head that have tiles
  __device__ Run(int position, int max_splits, int split) {
    const int tiles = tiles_of(position + 1);
    const int splits = splits_of(tiles, max_splits);
    const int each = (tiles + splits - 1) / splits;
    begin = split * each;
    end = min(begin + each, tiles);
    parts = (tiles + each - 1) / each;
  }
};

/// A value that an earlier launch may still be changing.
__device__ int peek(const std::int32_t* value) {
  return *static_cast<const volatile std::int32_t*>(value);
}

template <int kSlices>
struct BlockShared {
  DecodeShared<kSlices> inputs;
  float2 turns[32 * kSlices];  ///< cosine, sine of each pair
  float2 tops[kWarps][kGroupHeads];
  union {
    alignas(16) float sums[kWarps][kGroupHeads][64 * kSlices];
    float shares[kMaxSplits][kGroupHeads];
  };
  bool last;
};

template <int kSlices>
class DecodeBlock {
 public:
  __device__ DecodeBlock(const DecodePlan& plan, BlockShared<kSlices>& shared)
      : plan_(plan),
        p_(plan.problem),
        shared_(shared),
        dims_(static_cast<int>(plan.problem.shape.head_dim)),
        kv_head_(static_cast<int>(blockIdx.y) / plan.chunks),
        first_head_(static_cast<int>(blockIdx.y) % plan.chunks * kGroupHeads),
        heads_(min(kGroupHeads, plan.group - first_head_)) {}

  __device__ void run();

 private:
  __device__ CacheRows rows(int position) const {
    const std::int64_t from = kv_head_ * p_.capacity * dims_;
    return {reinterpret_cast<const __half*>(p_.keys) + from,
            reinterpret_cast<const __half*>(p_.values) + from, dims_, position};
  }
  __device__ void prepare_turns(int position) {
    for (int i = static_cast<int>(threadIdx.x); i < dims_ / 2; i += kThreads) {
      const Turn turn(position, p_.inverse_frequencies[i]);
      shared_.turns[i] = make_float2(turn.cosine, turn.sine);
    }
  }
  __device__ void clear_padding();
  __device__ void rotate_queries();
  __device__ void append(int position);
  __device__ void set_query(int head, int dim, float value) {
    const __half upper = saturated_half(value);
    shared_.inputs.queries[0][head][dim] = upper;
    shared_.inputs.queries[1][head][dim] = __float2half_rn(value - __half2float(upper));
  }
  __device__ void publish(const DecodeWarp<kSlices>& warp);
  __device__ float2 top_of_block(int head) const;
  __device__ void finish(int parts);
  __device__ void merge(int parts);
  /// Where the output of a head of this block starts.
  __device__ float* out(int head) const {
    return p_.out + static_cast<std::int64_t>(kv_head_ * plan_.group + first_head_ + head) * dims_;
  }
  __device__ std::int64_t part(int split) const {
    return static_cast<std::int64_t>(blockIdx.y) * plan_.max_splits + split;
  }

  const DecodePlan& plan_;
  const AttentionProblem& p_;
  BlockShared<kSlices>& shared_;
  int dims_;
  int kv_head_;
  int first_head_;
  int heads_;
};

template <int kSlices>
__device__ void DecodeBlock<kSlices>::run() {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int own = static_cast<int>(threadIdx.x) / 32;
  DecodeWarp<kSlices> warp(lane);

  // Before the predecessor is done: the position may be stale, and then this was for nothing.
  const int guess = min(max(peek(p_.position), 0), static_cast<int>(p_.cached_bound) - 1);
  const Run guessed(guess, plan_.max_splits, static_cast<int>(blockIdx.x));
  int tile = guessed.begin + own;
  const bool early = tile < guessed.end && (tile + 1) * kTileKeys + kRecent <= guess;
  if (early) {
    warp.load_keys(rows(guess), tile);
    warp.load_values(rows(guess), tile);
  }
  prepare_turns(guess);
  clear_padding();
  wait_for_predecessor();

  const int position = peek(p_.position);
  const bool moved = position != guess;
  const Run run = moved ? Run(position, plan_.max_splits, static_cast<int>(blockIdx.x)) : guessed;
  if (run.begin >= run.end) return;
  tile = run.begin + own;
  if (tile < run.end && (moved || !early)) {
    warp.load_keys(rows(position), tile);
    warp.load_values(rows(position), tile);
  }
  if (moved) prepare_turns(position);
  __syncthreads();
  rotate_queries();
  const int newest = position / kTileKeys;
  if (newest < run.end) append(position);
  __syncthreads();

  for (; tile < run.end; tile += kWarps) {
    if (tile == newest) warp.take_new_key(shared_.inputs, tile, position);
    warp.score(shared_.inputs);
    const bool more = tile + kWarps < run.end;
    if (more) warp.load_keys(rows(position), tile + kWarps);
    warp.weigh(tile, position);
    if (tile == newest) warp.take_new_value(shared_.inputs, tile, position);
    warp.accumulate();
    if (more) warp.load_values(rows(position), tile + kWarps);
  }
  publish(warp);
  finish(run.parts);
}

template <int kSlices>
__device__ void DecodeBlock<kSlices>::clear_padding() {
  constexpr int kDims = 64 * kSlices;
  for (int i = static_cast<int>(threadIdx.x); i < kGroupHeads * kDims; i += kThreads) {
    if (i / kDims < heads_ && i % kDims < dims_) continue;
    set_query(i / kDims, i % kDims, 0);
  }
  for (int i = dims_ + static_cast<int>(threadIdx.x); i < kDims; i += kThreads) {
    shared_.inputs.new_key[i] = __float2half_rn(0);
    shared_.inputs.new_value[i] = __float2half_rn(0);
  }
}

template <int kSlices>
__device__ void DecodeBlock<kSlices>::rotate_queries() {
  const int half = dims_ / 2;
  const float scale = 1.44269504F / sqrtf(static_cast<float>(dims_));
  const float* q = p_.q + static_cast<std::int64_t>(kv_head_ * plan_.group + first_head_) * dims_;
  for (int i = static_cast<int>(threadIdx.x); i < heads_ * half; i += kThreads) {
    const int head = i / half;
    const int pair = i % half;
    const float2 turn = shared_.turns[pair];
    const float a = q[head * dims_ + pair] * scale;
    const float b = q[head * dims_ + pair + half] * scale;
    set_query(head, pair, a * turn.x - b * turn.y);
    set_query(head, pair + half, b * turn.x + a * turn.y);
  }
}

template <int kSlices>
__device__ void DecodeBlock<kSlices>::append(int position) {
  const int half = dims_ / 2;
  const std::int64_t from = static_cast<std::int64_t>(kv_head_) * dims_;
  const std::int64_t to = (kv_head_ * p_.capacity + position) * dims_;
  __half* keys = reinterpret_cast<__half*>(p_.keys) + to;
  __half* values = reinterpret_cast<__half*>(p_.values) + to;
  for (int i = static_cast<int>(threadIdx.x); i < half; i += kThreads) {
    const float2 turn = shared_.turns[i];
    const float a = p_.k[from + i];
    const float b = p_.k[from + i + half];
    keys[i] = shared_.inputs.new_key[i] = saturated_half(a * turn.x - b * turn.y);
    keys[i + half] = shared_.inputs.new_key[i + half] = saturated_half(b * turn.x + a * turn.y);
  }
  for (int i = static_cast<int>(threadIdx.x); i < dims_; i += kThreads) {
    values[i] = shared_.inputs.new_value[i] = saturated_half(p_.v[from + i]);
  }
}

template <int kSlices>
__device__ void DecodeBlock<kSlices>::publish(const DecodeWarp<kSlices>& warp) {
  const int own = static_cast<int>(threadIdx.x) / 32;
  if (warp.head() < heads_) warp.store_sums(shared_.sums[own][warp.head()]);
  const float weight = warp.weight();
  if (warp.leads_head()) shared_.tops[own][warp.head()] = make_float2(warp.top(), weight);
  __syncthreads();
}

/// Largest score and sum of weights of the four warps.
template <int kSlices>
__device__ float2 DecodeBlock<kSlices>::top_of_block(int head) const {
  float2 all = shared_.tops[0][head];
  for (int w = 1; w < kWarps; ++w) all.x = fmaxf(all.x, shared_.tops[w][head].x);
  all.y = 0;
  for (int w = 0; w < kWarps; ++w) {
    all.y += shared_.tops[w][head].y * exp2f(shared_.tops[w][head].x - all.x);
  }
  return all;
}

/// The block's part: the output itself when it is the only one, else it goes to the merge.
template <int kSlices>
__device__ void DecodeBlock<kSlices>::finish(int parts) {
  const std::int64_t slot = part(static_cast<int>(blockIdx.x)) * kGroupHeads;
  for (int i = 4 * static_cast<int>(threadIdx.x); i < heads_ * dims_; i += 4 * kThreads) {
    const int head = i / dims_;
    const int dim = i % dims_;
    const float2 all = top_of_block(head);
    const float factor = parts == 1 ? 1.0F / all.y : 1.0F;
    float4 sum = make_float4(0, 0, 0, 0);
    for (int w = 0; w < kWarps; ++w) {
      const float share = exp2f(shared_.tops[w][head].x - all.x) * factor;
      const float4 own = *reinterpret_cast<const float4*>(&shared_.sums[w][head][dim]);
      sum.x += share * own.x;
      sum.y += share * own.y;
      sum.z += share * own.z;
      sum.w += share * own.w;
    }
    float* to = parts == 1 ? out(head) : plan_.sums + (slot + head) * dims_;
    *reinterpret_cast<float4*>(to + dim) = sum;
    if (dim == 0 && parts > 1) plan_.tops[slot + head] = all;
  }
  if (parts == 1) return;
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    shared_.last = atomicAdd(plan_.tickets + blockIdx.y, 1U) + 1 == static_cast<unsigned>(parts);
    __threadfence();
  }
  __syncthreads();
  if (shared_.last) merge(parts);
}

template <int kSlices>
__device__ void DecodeBlock<kSlices>::merge(int parts) {
  if (threadIdx.x == 0) plan_.tickets[blockIdx.y] = 0;
  // A lane for each part.
  const int split = static_cast<int>(threadIdx.x) % kWarp;
  for (int head = static_cast<int>(threadIdx.x) / kWarp; head < heads_; head += kWarps) {
    float2 top = make_float2(-INFINITY, 0);
    if (split < parts) top = __ldcg(&plan_.tops[part(split) * kGroupHeads + head]);
    const float share = exp2f(top.x - warp_max(top.x));
    const float weight = warp_sum(share * top.y);
    shared_.shares[split][head] = share / weight;
  }
  __syncthreads();
  for (int i = 4 * static_cast<int>(threadIdx.x); i < heads_ * dims_; i += 4 * kThreads) {
    const int head = i / dims_;
    const float* from = plan_.sums + (part(0) * kGroupHeads + head) * dims_ + i % dims_;
    float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 8
    for (int s = 0; s < parts; ++s) {
      const float share = shared_.shares[s][head];
      const float4 own = __ldcg(reinterpret_cast<const float4*>(
          from + static_cast<std::int64_t>(s) * kGroupHeads * dims_));
      sum.x += share * own.x;
      sum.y += share * own.y;
      sum.z += share * own.z;
      sum.w += share * own.w;
    }
    *reinterpret_cast<float4*>(out(head) + i % dims_) = sum;
  }
}

template <int kSlices>
__global__ void __launch_bounds__(kThreads, kSlices <= 2 ? 4 / kSlices : 1)
    decode_kernel(const __grid_constant__ DecodePlan plan) {
  __shared__ BlockShared<kSlices> shared;
  let_successor_start();
  DecodeBlock<kSlices>(plan, shared).run();
}

struct Parts {
  std::int64_t chunks;
  std::int64_t rows;  ///< of blocks: key heads times chunks
  std::int64_t max_splits;
  explicit Parts(const AttentionShape& s)
      : chunks((s.num_heads / s.num_kv_heads + kGroupHeads - 1) / kGroupHeads),
        rows(s.num_kv_heads * chunks),
        max_splits(std::clamp<std::int64_t>(kBlocks[(s.head_dim - 1) / 64] / rows, 1, kMaxSplits)) {
  }
  std::int64_t heads() const { return rows * max_splits * kGroupHeads; }
};

constexpr std::size_t aligned(std::int64_t bytes) {
  return (static_cast<std::size_t>(bytes) + 255) / 256 * 256;
}

}  // namespace

std::size_t decode_attention_bytes(const AttentionShape& shape) {
  const Parts parts(shape);
  return aligned(parts.rows * std::int64_t{sizeof(unsigned)}) +
         aligned(parts.heads() * std::int64_t{sizeof(float2)}) +
         aligned(parts.heads() * shape.head_dim * std::int64_t{sizeof(float)});
}

void decode_attention(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency) {
  const AttentionShape& s = problem.shape;
  const Parts parts(s);
  DecodePlan plan = {};
  plan.problem = problem;
  plan.group = static_cast<int>(s.num_heads / s.num_kv_heads);
  plan.chunks = static_cast<int>(parts.chunks);
  plan.max_splits = static_cast<int>(parts.max_splits);
  auto* memory = static_cast<std::byte*>(problem.workspace);
  plan.tickets = reinterpret_cast<unsigned*>(memory);
  memory += aligned(parts.rows * std::int64_t{sizeof(unsigned)});
  plan.tops = reinterpret_cast<float2*>(memory);
  memory += aligned(parts.heads() * std::int64_t{sizeof(float2)});
  plan.sums = reinterpret_cast<float*>(memory);
  const int splits = splits_of(tiles_of(static_cast<int>(problem.cached_bound)), plan.max_splits);
  const LaunchShape shape = {
      .grid = dim3(static_cast<unsigned>(splits), static_cast<unsigned>(parts.rows)),
      .block = dim3(kThreads),
      .dependency = dependency};
  constexpr void (*kKernels[])(DecodePlan) = {decode_kernel<1>, decode_kernel<2>, decode_kernel<3>,
                                              decode_kernel<4>};
  launch("attention", shape, stream, kKernels[(s.head_dim - 1) / 64], plan);
}

}  // namespace salient::kernels::cuda
