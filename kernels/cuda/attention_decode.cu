// SPDX-License-Identifier: Apache-2.0
// Attention of one token in one launch. A block takes a run of 16-key tiles of one key head and up
// to eight of its query heads. Few positions are one block of eight warps; more are split over
// enough blocks of four to fill the card, and the last of a key head to finish merges them.
//
// Latency rules at short depths, so there is one round trip to memory behind the predecessor:
// position, queries, the new key and value and the cached tiles are asked for at once, on the
// guess that the position seen early is still the one.

#include <algorithm>

#include "kernels/cuda/attention_decode.cuh"
#include "kernels/cuda/attention_stages.h"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/half_bits.cuh"
#include "kernels/cuda/rotary.cuh"

namespace salient::kernels::cuda {
namespace {

/// Warps of a block that is alone with its key head, and of one of several, by slices of 64 dims.
constexpr int kAloneWarps[] = {8, 8, 4, 4};
constexpr int kSplitWarps = 4;
/// Positions a block takes alone, one tile for each of eight warps and two. With more than two a
/// merge of several blocks is faster (an H200, 7B: 256 positions 3.6 us, 512 in one block 7.0).
constexpr std::int64_t kOneTileLength = 128;
constexpr std::int64_t kAloneLength = 256;
/// Blocks of a large card at once: 64 KB of the cache in flight on each processor. Half as many
/// with two tiles each under way read 25 % slower.
constexpr std::int64_t kBlocks[] = {528, 264, 132, 132};

/// What the host works out once.
struct DecodePlan {
  AttentionProblem problem;
  int group;          ///< query heads of a key head
  int chunks;         ///< of eight of them
  unsigned* tickets;  ///< [num_kv_heads · chunks], zero between launches
  float2* tops;       ///< [num_kv_heads · chunks, splits, 8]
  float* sums;        ///< [num_kv_heads · chunks, splits, 8, head_dim]
};

/// The tiles of one block.
struct Run {
  int begin;
  int end;
  __device__ explicit Run(int position) {
    const int tiles = position / kTileKeys + 1;
    const int each = (tiles + static_cast<int>(gridDim.x) - 1) / static_cast<int>(gridDim.x);
    begin = min(static_cast<int>(blockIdx.x) * each, tiles);
    end = min(begin + each, tiles);
  }
  __device__ bool holds(int tile) const { return begin <= tile && tile < end; }
};

/// A value that an earlier launch may still be changing.
__device__ int peek(const std::int32_t* value) {
  return *static_cast<const volatile std::int32_t*>(value);
}

template <int kSlices, int kWarps>
struct BlockShared {
  DecodeShared<kSlices> inputs;
  WarpParts<64 * kSlices, kWarps> parts;
  float shares[kMaxSplits][kGroupHeads];
};

/// The pairs of one thread: pair `pair` of every kStep-th head, the key's behind the queries'.
template <int kSlices, int kThreads>
struct FreshPairs {
  static constexpr int kPairs = 32 * kSlices;
  static constexpr int kStep = kThreads / kPairs;
  static constexpr int kItems = (kGroupHeads + kStep) / kStep;
  static constexpr int kValues = (64 * kSlices + kThreads - 1) / kThreads;
  float first[kItems];
  float second[kItems];
  float value[kValues];
};

template <int kSlices, int kWarps, int kDepth>
class DecodeBlock {
 public:
  static constexpr int kThreads = kWarps * kWarp;
  using Warp = DecodeWarp<kSlices, kDepth>;
  using Fresh = FreshPairs<kSlices, kThreads>;
  static constexpr int kDims = 64 * kSlices;

  __device__ DecodeBlock(const DecodePlan& plan, BlockShared<kSlices, kWarps>& shared)
      : plan_(plan),
        p_(plan.problem),
        shared_(shared),
        thread_(static_cast<int>(threadIdx.x)),
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
  __device__ int pair() const { return thread_ % Fresh::kPairs; }
  __device__ bool has_pair() const {
    return thread_ < Fresh::kStep * Fresh::kPairs && pair() < dims_ / 2;
  }
  __device__ int head_of(int item) const { return thread_ / Fresh::kPairs + item * Fresh::kStep; }
  __device__ void load(Fresh& fresh, bool with_key) const;
  __device__ void rotate(const Fresh& fresh, const Turn& turn);
  __device__ void append(const Fresh& fresh, const Turn& turn, int position);
  __device__ void clear_padding();
  __device__ void set_query(int head, int dim, float value) {
    const __half upper = saturated_half(value);
    shared_.inputs.queries[0][head][dim] = upper;
    shared_.inputs.queries[1][head][dim] = __float2half_rn(value - __half2float(upper));
  }
  /// The d-th of the tiles that this warp starts with.
  __device__ int first_tile(const Run& run, int d) const {
    return run.begin + thread_ / kWarp + d * kWarps;
  }
  __device__ void request(Warp& warp, const Run& run, int position) const {
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      const int tile = first_tile(run, d);
      if (tile >= run.end) break;
      warp.load_keys(d, rows(position), tile);
      warp.load_values(d, rows(position), tile);
    }
  }
  __device__ void attend(Warp& warp, const Run& run, int position);
  __device__ void finish(const Warp& warp);
  __device__ void finish_alone() const;
  __device__ void finish_part();
  /// The outputs of the heads of this block, [heads_, dims_].
  __device__ float* out() const {
    return p_.out + static_cast<std::int64_t>(kv_head_ * plan_.group + first_head_) * dims_;
  }

  const DecodePlan& plan_;
  const AttentionProblem& p_;
  BlockShared<kSlices, kWarps>& shared_;
  int thread_;
  int dims_;
  int kv_head_;
  int first_head_;
  int heads_;
};

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::run() {
  Warp warp(thread_ % kWarp);
  // Asked for first: loads come back in order.
  const float frequency = has_pair() ? p_.inverse_frequencies[pair()] : 0.0F;
  // Before the predecessor is done the position may be stale; then this was for nothing. When it is
  // not, the launch that moved it on has seen the rows below it written.
  int guess = min(max(peek(p_.position), 0), static_cast<int>(p_.cached_bound) - 1);
  Run run(guess);
  request(warp, run, guess);
  Turn turn(guess, frequency);
  clear_padding();
  wait_for_predecessor();

  Fresh fresh;
  for (;;) {
    const int position = peek(p_.position);
    load(fresh, run.holds(guess / kTileKeys));
    if (position == guess) break;
    guess = position;
    run = Run(position);
    request(warp, run, guess);
    turn = Turn(position, frequency);
  }
  rotate(fresh, turn);
  if (run.holds(guess / kTileKeys)) append(fresh, turn, guess);
  __syncthreads();
  attend(warp, run, guess);
  finish(warp);
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::load(Fresh& fresh, bool with_key) const {
  const int half = dims_ / 2;
  const float* q = p_.q + static_cast<std::int64_t>(kv_head_ * plan_.group + first_head_) * dims_;
  const float* k = p_.k + static_cast<std::int64_t>(kv_head_) * dims_;
  if (has_pair()) {
#pragma unroll
    for (int i = 0; i < Fresh::kItems; ++i) {
      const int head = head_of(i);
      if (head > heads_ || (head == heads_ && !with_key)) continue;
      const float* row = head < heads_ ? q + head * dims_ : k;
      fresh.first[i] = __ldcg(row + pair());
      fresh.second[i] = __ldcg(row + pair() + half);
    }
  }
  if (!with_key) return;
#pragma unroll
  for (int i = 0; i < Fresh::kValues; ++i) {
    const int dim = thread_ + i * kThreads;
    if (dim < dims_)
      fresh.value[i] = __ldcg(p_.v + static_cast<std::int64_t>(kv_head_) * dims_ + dim);
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::rotate(const Fresh& fresh, const Turn& turn) {
  if (!has_pair()) return;
  const float scale = 1.44269504F / sqrtf(static_cast<float>(dims_));
#pragma unroll
  for (int i = 0; i < Fresh::kItems; ++i) {
    const int head = head_of(i);
    if (head >= heads_) continue;
    set_query(head, pair(), turn.first(fresh.first[i], fresh.second[i]) * scale);
    set_query(head, pair() + dims_ / 2, turn.second(fresh.first[i], fresh.second[i]) * scale);
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::append(const Fresh& fresh, const Turn& turn,
                                                             int position) {
  const std::int64_t to = (kv_head_ * p_.capacity + position) * dims_;
  __half* keys = reinterpret_cast<__half*>(p_.keys) + to;
  __half* values = reinterpret_cast<__half*>(p_.values) + to;
#pragma unroll
  for (int i = 0; i < Fresh::kItems; ++i) {
    if (!has_pair() || head_of(i) != heads_) continue;
    const int a = pair();
    const int b = a + dims_ / 2;
    keys[a] = shared_.inputs.new_key[a] =
        saturated_half(turn.first(fresh.first[i], fresh.second[i]));
    keys[b] = shared_.inputs.new_key[b] =
        saturated_half(turn.second(fresh.first[i], fresh.second[i]));
  }
#pragma unroll
  for (int i = 0; i < Fresh::kValues; ++i) {
    const int dim = thread_ + i * kThreads;
    if (dim >= dims_) continue;
    values[dim] = shared_.inputs.new_value[dim] = saturated_half(fresh.value[i]);
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::clear_padding() {
  const int used = heads_ * kDims;
  for (int i = thread_; i < kGroupHeads * kDims; i += kThreads) {
    if (i >= used || i % kDims >= dims_) set_query(i / kDims, i % kDims, 0);
  }
  for (int i = dims_ + thread_; i < kDims; i += kThreads) {
    shared_.inputs.new_key[i] = __float2half_rn(0);
    shared_.inputs.new_value[i] = __float2half_rn(0);
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::attend(Warp& warp, const Run& run,
                                                             int position) {
  const int newest = position / kTileKeys;
  for (int first = first_tile(run, 0); first < run.end; first += kDepth * kWarps) {
#pragma unroll
    for (int d = 0; d < kDepth; ++d) {
      const int tile = first + d * kWarps;
      if (tile >= run.end) break;
      const int next = tile + kDepth * kWarps;
      if (tile == newest) warp.take_new_key(d, shared_.inputs, tile, position);
      warp.score(d, shared_.inputs);
      if (next < run.end) warp.load_keys(d, rows(position), next);
      warp.weigh(tile, position);
      if (tile == newest) warp.take_new_value(d, shared_.inputs, tile, position);
      warp.accumulate(d);
      if (next < run.end) warp.load_values(d, rows(position), next);
    }
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::finish(const Warp& warp) {
  const int own = thread_ / kWarp;
  if (warp.head() < heads_) warp.store_sums(shared_.parts.sums[own][warp.head()]);
  const float weight = warp.weight();
  if (warp.leads_head()) shared_.parts.tops[own][warp.head()] = make_float2(warp.top(), weight);
  __syncthreads();
  if (gridDim.x == 1) {
    finish_alone();
  } else {
    finish_part();
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::finish_alone() const {
  for (int i = thread_; i < heads_ * dims_; i += kThreads) {
    const int head = i / dims_;
    const float2 top = top_of(shared_.parts, head);
    out()[i] = sum_of(shared_.parts, head, i % dims_, top.x) / top.y;
  }
}

template <int kSlices, int kWarps, int kDepth>
__device__ void DecodeBlock<kSlices, kWarps, kDepth>::finish_part() {
  const int splits = static_cast<int>(gridDim.x);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.y) * splits * kGroupHeads;
  const BlockParts parts = {plan_.tops + first, plan_.sums + first * dims_, dims_};
  const int own = static_cast<int>(blockIdx.x) * kGroupHeads;
  for (int i = thread_; i < heads_ * dims_; i += kThreads) {
    const int head = i / dims_;
    const float2 top = top_of(shared_.parts, head);
    // A block without tiles adds nothing: its weights are zero against any other's.
    const bool empty = top.x == -INFINITY;
    parts.sums[own * dims_ + i] = empty ? 0.0F : sum_of(shared_.parts, head, i % dims_, top.x);
    if (i % dims_ == 0) parts.tops[own + head] = empty ? make_float2(-INFINITY, 0) : top;
  }
  if (!is_last(plan_.tickets + blockIdx.y, splits)) return;
  merge_blocks<kThreads>(parts, splits, heads_, shared_.shares, out());
}

/// kDepth tiles of a warp under way.
template <int kSlices, int kWarps, int kDepth>
__global__ void __launch_bounds__(kWarps* kWarp,
                                  kSlices <= 2 && kWarps == kSplitWarps ? 4 / kSlices : 1)
    decode_kernel(const __grid_constant__ DecodePlan plan) {
  __shared__ BlockShared<kSlices, kWarps> shared;
  let_successor_start();
  DecodeBlock<kSlices, kWarps, kDepth>(plan, shared).run();
}

struct Grid {
  std::int64_t chunks;
  std::int64_t rows;  ///< key heads times chunks
  std::int64_t max_splits;
  explicit Grid(const AttentionShape& s)
      : chunks((s.num_heads / s.num_kv_heads + kGroupHeads - 1) / kGroupHeads),
        rows(s.num_kv_heads * chunks),
        max_splits(std::clamp<std::int64_t>(kBlocks[(s.head_dim - 1) / 64] / rows, 1, kMaxSplits)) {
  }
  /// At least one tile for each warp.
  std::int64_t splits(std::int64_t length) const {
    if (length <= kAloneLength) return 1;
    const std::int64_t tiles = (length + kTileKeys - 1) / kTileKeys;
    return std::min(max_splits, (tiles + kSplitWarps - 1) / kSplitWarps);
  }
  std::size_t ticket_bytes() const { return aligned(static_cast<std::size_t>(rows) * 4); }
  std::size_t heads() const { return static_cast<std::size_t>(rows * max_splits * kGroupHeads); }
  std::size_t top_bytes() const { return aligned(heads() * sizeof(float2)); }
  static std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }
};

template <int kSlices>
void launch_decode(const DecodePlan& plan, std::int64_t splits, std::int64_t rows,
                   cudaStream_t stream, Dependency dependency) {
  constexpr int kAlone = kAloneWarps[kSlices - 1];
  // More dims leave no registers for a second tile.
  constexpr int kDepth = kSlices <= 2 ? 2 : 1;
  const bool one_tile = plan.problem.cached_bound <= kOneTileLength;
  const auto kernel = splits > 1 ? decode_kernel<kSlices, kSplitWarps, 1>
                      : one_tile ? decode_kernel<kSlices, kAlone, 1>
                                 : decode_kernel<kSlices, kAlone, kDepth>;
  const int warps = splits > 1 ? kSplitWarps : kAlone;
  launch("attention",
         {.grid = dim3(static_cast<unsigned>(splits), static_cast<unsigned>(rows)),
          .block = dim3(static_cast<unsigned>(warps * kWarp)),
          .dependency = dependency},
         stream, kernel, plan);
}

}  // namespace

std::size_t decode_attention_bytes(const AttentionShape& shape) {
  const Grid grid(shape);
  const auto dims = static_cast<std::size_t>(shape.head_dim);
  return grid.ticket_bytes() + grid.top_bytes() + grid.heads() * dims * sizeof(float);
}

void decode_attention(const AttentionProblem& problem, cudaStream_t stream, Dependency dependency) {
  const AttentionShape& s = problem.shape;
  const Grid grid(s);
  auto* memory = static_cast<std::byte*>(problem.workspace);
  DecodePlan plan = {};
  plan.problem = problem;
  plan.group = static_cast<int>(s.num_heads / s.num_kv_heads);
  plan.chunks = static_cast<int>(grid.chunks);
  plan.tickets = reinterpret_cast<unsigned*>(memory);
  plan.tops = reinterpret_cast<float2*>(memory + grid.ticket_bytes());
  plan.sums = reinterpret_cast<float*>(memory + grid.ticket_bytes() + grid.top_bytes());
  const std::int64_t splits = grid.splits(problem.cached_bound);
  const auto launch_for = s.head_dim <= 64    ? launch_decode<1>
                          : s.head_dim <= 128 ? launch_decode<2>
                          : s.head_dim <= 192 ? launch_decode<3>
                                              : launch_decode<4>;
  launch_for(plan, splits, grid.rows, stream, dependency);
}

}  // namespace salient::kernels::cuda
