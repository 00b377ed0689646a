// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>

#include "kernels/cuda/dependency.cuh"
#include "kernels/cuda/sampler.h"
#include "kernels/cuda/warp.cuh"

namespace salient::kernels::cuda {
namespace {

constexpr int kThreads = 256;
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

struct Workspace {
  Best best[kMaxBlocks];
  unsigned ticket;
};

__device__ float penalized(float logit, bool seen, float penalty) {
  if (!seen) return logit;
  return logit > 0 ? logit / penalty : logit * penalty;
}

/// The block's best, valid in thread 0.
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

__device__ void emit(std::int32_t id, const SamplerState& state, std::int64_t ring_capacity) {
  *state.token = id;
  *state.position += 1;
  if (state.seen != nullptr) state.seen[id] = 1;
  const std::uint32_t count = *state.generated;
  state.ring[count % ring_capacity] = id;
  // The host reads the ring once it sees the count.
  __threadfence_system();
  *state.generated = count + 1;
}

__global__ void greedy_kernel(const float* logits, std::int64_t vocab, float penalty,
                              SamplerState state, Workspace* workspace) {
  __shared__ bool last;
  let_successor_start();
  wait_for_predecessor();
  Best best;
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * kThreads;
  for (std::int64_t i = blockIdx.x * kThreads + threadIdx.x; i < vocab; i += stride) {
    const bool seen = penalty != 1.0F && state.seen[i] != 0;
    best.take(penalized(logits[i], seen, penalty), static_cast<std::int32_t>(i));
  }
  best = best_of_block(best);
  if (threadIdx.x == 0) {
    workspace->best[blockIdx.x] = best;
    __threadfence();
    last = atomicAdd(&workspace->ticket, 1U) + 1 == gridDim.x;
  }
  __syncthreads();
  if (!last || threadIdx.x != 0) return;
  __threadfence();
  for (unsigned b = 0; b < gridDim.x; ++b) {
    const volatile Best& other = workspace->best[b];
    best.take(other.logit, other.id);
  }
  workspace->ticket = 0;
  emit(best.id == INT32_MAX ? 0 : best.id, state, state.ring_capacity);
}

__global__ void mark_seen_kernel(const std::int32_t* ids, std::int64_t count, std::uint8_t* seen) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (i < count) seen[ids[i]] = 1;
}

unsigned blocks_for(std::int64_t vocab) {
  return static_cast<unsigned>(std::clamp<std::int64_t>(vocab / (4 * kThreads), 1, kMaxBlocks));
}

}  // namespace

std::size_t sampler_workspace_bytes(std::int64_t /*vocab*/) {
  return sizeof(Workspace);
}

void sample(const float* logits, std::int64_t vocab, const SamplerOptions& options,
            const SamplerState& state, void* workspace, cudaStream_t stream,
            Dependency dependency) {
  if (options.temperature > 0) throw std::logic_error("sample: only greedy so far");
  launch("sample",
         {.grid = dim3(blocks_for(vocab)), .block = dim3(kThreads), .dependency = dependency},
         stream, greedy_kernel, logits, vocab, options.repetition_penalty, state,
         static_cast<Workspace*>(workspace));
}

void mark_seen(const std::int32_t* ids, std::int64_t count, std::uint8_t* seen,
               cudaStream_t stream) {
  if (count == 0) return;
  launch("mark_seen",
         {.grid = dim3(static_cast<unsigned>((count + kThreads - 1) / kThreads)),
          .block = dim3(kThreads)},
         stream, mark_seen_kernel, ids, count, seen);
}

}  // namespace salient::kernels::cuda
