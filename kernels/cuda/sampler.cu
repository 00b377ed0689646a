// SPDX-License-Identifier: Apache-2.0
// Greedy is one launch: blocks find their best logit, the last one to finish takes the best of
// them. Sampling is two: the same launch for the largest logit, then a histogram of the distances
// from it, in which the last block makes the cuts and the draw.

#include <algorithm>

#include "kernels/cuda/attention_merge.cuh"
#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/sampler.h"
#include "kernels/cuda/sampler_select.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = kSelectThreads;
constexpr std::int64_t kMaxBlocks = 64;

/// Largest logit first, then the lowest id.
struct Best {
  float logit = -INFINITY;
  std::int32_t id = INT32_MAX;
  __device__ void take(float other_logit, std::int32_t other_id) {
    const bool better = other_logit > logit || (other_logit == logit && other_id < id);
    logit = better ? other_logit : logit;
    id = better ? other_id : id;
  }
};

/// Zero between launches, but for `best`.
struct Workspace {
  Best best[kMaxBlocks];
  Best top;
  unsigned tickets[2];
  Bins bins;
};

/// The logits as the sampler sees them.
struct Logits {
  const float* values;
  const std::uint8_t* seen;  ///< null when there is no penalty
  float penalty;
  float per_temperature;  ///< 1 / temperature
  float top;
  std::int32_t vocab;

  __device__ std::int32_t last_id() const { return vocab - 1; }
  __device__ float penalized(std::uint8_t mark, float logit) const {
    if (mark == 0) return logit;
    return logit > 0 ? logit / penalty : logit * penalty;
  }
  /// Calls visit(id, logit) for this thread's share among `threads`, four at a time.
  template <class Visit>
  __device__ void each(std::int32_t thread, std::int32_t threads, const Visit& visit) const {
    const std::int32_t quads = vocab / 4;
#pragma unroll 4
    for (std::int32_t i = thread; i < quads; i += threads) {
      const float4 four = __ldcg(reinterpret_cast<const float4*>(values) + i);
      uchar4 marks = make_uchar4(0, 0, 0, 0);
      if (seen != nullptr) marks = __ldcg(reinterpret_cast<const uchar4*>(seen) + i);
      visit(4 * i, penalized(marks.x, four.x));
      visit(4 * i + 1, penalized(marks.y, four.y));
      visit(4 * i + 2, penalized(marks.z, four.z));
      visit(4 * i + 3, penalized(marks.w, four.w));
    }
    for (std::int32_t i = 4 * quads + thread; i < vocab; i += threads) {
      visit(i, penalized(seen != nullptr ? seen[i] : std::uint8_t{0}, values[i]));
    }
  }
  /// From the largest, in temperatures.
  __device__ float distance(float logit) const {
    return (top - logit) * per_temperature;
  }
  /// Lists, in any order, what falls into a first bin.
  __device__ void gather(std::uint32_t bin, Candidate* list, std::uint32_t* count) const {
    each(static_cast<int>(threadIdx.x), kThreads, [&](std::int32_t id, float logit) {
      const float d = distance(logit);
      if (is_in_bin(d, bin)) list[atomicAdd(count, 1U)] = {fixed_distance(d), id};
    });
  }
};

/// The block's best, in every thread.
__device__ Best best_of_block(Best best) {
  __shared__ Best parts[kThreads / kWarp];
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    best.take(__shfl_xor_sync(kAllLanes, best.logit, offset),
              __shfl_xor_sync(kAllLanes, best.id, offset));
  }
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = best;
  __syncthreads();
  for (const Best& part : parts) best.take(part.logit, part.id);
  return best;
}

__device__ void emit(std::int32_t id, const SamplerState& state) {
  *state.token = id;
  *state.position += 1;
  if (state.seen != nullptr) state.seen[id] = 1;
  const std::uint32_t count = *state.generated;
  state.ring[count % static_cast<std::uint64_t>(state.ring_capacity)] = id;
  // The host reads the ring once it sees the count.
  __threadfence_system();
  *state.generated = count + 1;
}

/// What follows the largest logit.
enum class Then { Emit, Sample };

__global__ void __launch_bounds__(kThreads)
    best_kernel(Logits logits, SamplerState state, Workspace* workspace, Then then) {
  let_successor_start();
  wait_for_predecessor();
  Best best;
  const auto thread = static_cast<std::int32_t>(blockIdx.x * kThreads + threadIdx.x);
  logits.each(thread, static_cast<std::int32_t>(gridDim.x) * kThreads,
              [&](std::int32_t id, float logit) { best.take(logit, id); });
  best = best_of_block(best);
  if (threadIdx.x == 0) workspace->best[blockIdx.x] = best;
  if (!is_last(&workspace->tickets[0], static_cast<int>(gridDim.x))) return;
  Best top;
  if (threadIdx.x < gridDim.x) {
    const volatile Best& other = workspace->best[threadIdx.x];
    top.take(other.logit, other.id);
  }
  top = best_of_block(top);
  if (threadIdx.x != 0) return;
  if (top.id == INT32_MAX) top.id = 0;
  if (then == Then::Emit) {
    emit(top.id, state);
  } else {
    workspace->top = top;
  }
}

/// SplitMix64 over (seed, draw): uniform in [0, 1) with 53 bits, as the host's sampler.
__device__ double uniform(std::uint64_t seed, std::uint64_t draw) {
  std::uint64_t z = seed + (draw + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31U)) >> 11U) * 0x1p-53;
}

__device__ Mass share_of(Mass mass, double share) {
  return static_cast<Mass>(static_cast<double>(mass) * share);
}

/// One block: cuts, then the draw. `fallback` where no logit is a number.
__device__ std::int32_t draw(const Logits& logits, const SamplerOptions& options,
                             std::uint64_t draws, Workspace* workspace, Candidate* list,
                             SelectShared& shared, std::int32_t fallback) {
  Selection<Logits> selection(logits, workspace->bins, list, shared);
  const Amount total = selection.total();
  if (total.mass == 0) return fallback;
  const auto top_k = static_cast<Mass>(options.top_k);
  Mass ranked = total.mass;
  if (top_k > 0 && top_k < total.count) ranked = selection.find(By::Count, top_k - 1).through.mass;
  Mass kept = ranked;
  if (options.top_p < 1) {
    const Mass wanted = max(share_of(ranked, options.top_p), Mass{1});
    kept = selection.find(By::Weight, wanted - 1).through.mass;
  }
  if (options.min_p > 0) {
    const double limit = -log(options.min_p) * 0x1p27;
    if (limit < 28.0 * 0x1p27) {
      kept = min(kept, selection.mass_within(static_cast<std::uint32_t>(limit)));
    }
  }
  const Mass point = min(share_of(kept, uniform(options.seed, draws)), kept - 1);
  return selection.find(By::Weight, point).id;
}

__global__ void __launch_bounds__(kThreads)
    sample_kernel(Logits logits, SamplerOptions options, SamplerState state, Workspace* workspace,
                  Candidate* list) {
  __shared__ SelectShared shared;
  let_successor_start();
  shared.bins.clear();
  wait_for_predecessor();
  const Best top = workspace->top;
  logits.top = top.logit;
  __syncthreads();
  const auto thread = static_cast<std::int32_t>(blockIdx.x * kThreads + threadIdx.x);
  logits.each(thread, static_cast<std::int32_t>(gridDim.x) * kThreads,
              [&](std::int32_t, float logit) {
                const std::uint32_t d = fixed_distance(logits.distance(logit));
                if (d != kNoDistance) shared.bins.add(d >> kFirstShift, d);
              });
  __syncthreads();
  for (int i = static_cast<int>(threadIdx.x); i < kBins; i += kThreads) {
    if (shared.bins.count[i] == 0) continue;
    atomicAdd(&workspace->bins.count[i], shared.bins.count[i]);
    atomicAdd(&workspace->bins.mass[i], shared.bins.mass[i]);
  }
  if (!is_last(&workspace->tickets[1], static_cast<int>(gridDim.x))) return;
  const std::int32_t id = draw(logits, options, *state.draws, workspace, list, shared, top.id);
  __syncthreads();
  workspace->bins.clear();
  if (threadIdx.x != 0) return;
  *state.draws += 1;
  emit(id, state);
}

constexpr std::size_t kListOffset = (sizeof(Workspace) + 255) / 256 * 256;

}  // namespace

std::size_t sampler_workspace_bytes(std::int64_t vocab) {
  return kListOffset + static_cast<std::size_t>(vocab) * sizeof(Candidate);
}

void sample(const float* logits, std::int64_t vocab, const SamplerOptions& options,
            const SamplerState& state, void* workspace, cudaStream_t stream,
            Dependency dependency) {
  const bool penalty = options.repetition_penalty != 1.0F;
  const Logits seen = {.values = logits,
                       .seen = penalty ? state.seen : nullptr,
                       .penalty = options.repetition_penalty,
                       .per_temperature = 1.0F / options.temperature,
                       .top = 0,
                       .vocab = static_cast<std::int32_t>(vocab)};
  auto* memory = static_cast<Workspace*>(workspace);
  const std::int64_t blocks = std::clamp<std::int64_t>(vocab / (4 * kThreads), 1, kMaxBlocks);
  const LaunchShape shape = {.grid = dim3(static_cast<unsigned>(blocks)),
                             .block = dim3(kThreads),
                             .dependency = dependency};
  const Then then = options.temperature > 0 ? Then::Sample : Then::Emit;
  launch("sample: largest", shape, stream, best_kernel, seen, state, memory, then);
  if (then == Then::Emit) return;
  auto* list = reinterpret_cast<Candidate*>(static_cast<std::byte*>(workspace) + kListOffset);
  launch("sample", shape, stream, sample_kernel, seen, options, state, memory, list);
}

}  // namespace salient::kernels::cuda
