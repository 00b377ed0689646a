// SPDX-License-Identifier: Apache-2.0
#pragma once

// The weights of a chain on their way: a ring of chunks in shared memory, a chunk being the next 16
// tiles of the block, one for each warp that multiplies. One thread of a warp of its own asks the
// copy engine for them (sm_90 and later), through all stages and across their barriers, as soon as
// the 16 warps are done with a chunk; so memory is busy while they wait, and they catch up faster
// than memory delivers. A chunk never holds tiles of two stages.

#include "kernels/cuda/chain_plan.h"
#include "kernels/cuda/mma.cuh"

namespace salient::kernels::cuda {

/// The barriers of a chunk's place: it is full; all warps are done with it.
struct ChunkBarriers {
  unsigned long long full;
  unsigned long long empty;
};

__device__ __forceinline__ void start_barrier(unsigned long long* barrier, unsigned arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)),
               "r"(arrivals)
               : "memory");
}
/// Waits for the end of the barrier's phase of this parity.
__device__ __forceinline__ void wait_for_phase(unsigned long long* barrier, unsigned parity) {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "{ .reg .pred done; again: mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1; @done "
      "bra "
      "over; bra again; over: }" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
#endif
}
__device__ __forceinline__ void arrive_at(unsigned long long* barrier) {
  asm volatile("{ .reg .b64 state; mbarrier.arrive.shared::cta.b64 state, [%0]; }" ::"r"(
                   shared_address(barrier))
               : "memory");
}
/// Arrives, and holds the phase until so many bytes were copied.
__device__ __forceinline__ void expect_bytes(unsigned long long* barrier, int bytes) {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)),
      "r"(bytes)
      : "memory");
#endif
}
/// Asks the copy engine for `bytes`, a multiple of 16, which count for the barrier.
__device__ __forceinline__ void copy_bulk(std::uint8_t* to, const std::uint8_t* from, int bytes,
                                          unsigned long long* barrier) {
#if __CUDA_ARCH__ >= 900
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
          "r"(shared_address(to)),
      "l"(from), "r"(bytes), "r"(shared_address(barrier))
      : "memory");
#endif
}

/// The place of a chunk, and the parity of its barriers' phase.
class ChunkPlace {
 public:
  __device__ explicit ChunkPlace(int slots) : slots_(slots) {}
  __device__ __forceinline__ int slot() const { return slot_; }
  __device__ __forceinline__ unsigned parity() const { return parity_; }
  __device__ __forceinline__ void advance() {
    if (++slot_ < slots_) return;
    slot_ = 0;
    parity_ ^= 1U;
  }

 private:
  int slots_;
  int slot_ = 0;
  unsigned parity_ = 0;
};

template <int Bits, int Spans>
class ChainRing {
 public:
  static constexpr int kTileBytes = stream_tile_bytes(Bits, Spans);
  static constexpr int kChunkBytes = StreamPlan::kWarps * kTileBytes;

  __device__ __forceinline__ ChainRing(const ChainPlan& plan, std::uint8_t* shared)
      : barriers_(reinterpret_cast<ChunkBarriers*>(shared + plan.barriers_at)),
        chunks_(shared),
        place_(plan.slots) {}

  __device__ __forceinline__ const ChunkPlace& place() const { return place_; }
  __device__ __forceinline__ void go_to(const ChunkPlace& place) { place_ = place; }

  /// One thread, before any other of the block goes on.
  __device__ __forceinline__ void start(int slots) const {
    for (int i = 0; i < slots; ++i) {
      start_barrier(&barriers_[i].full, 1);
      start_barrier(&barriers_[i].empty, StreamPlan::kWarps);
    }
#if __CUDA_ARCH__ >= 900
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
  }

  /// The thread that asks for chunks, from the first stage to the last.
  __device__ __forceinline__ void feed(const ChainPlan& plan) {
    const ChainRuns* runs = plan.runs + static_cast<std::int64_t>(blockIdx.x) * plan.count;
    ChainRuns ahead = runs[0];
    for (int stage = 0; stage < plan.count; ++stage) {
      const ChainRuns own = ahead;
      if (stage + 1 < plan.count) ahead = runs[stage + 1];
      feed_stage(own);
    }
  }

  /// A warp's tile of the next chunk, complete and visible; `leave` gives it back.
  __device__ __forceinline__ const std::uint8_t* enter() const {
    wait_for_phase(&barriers_[place_.slot()].full, place_.parity());
    return chunks_ + place_.slot() * kChunkBytes + threadIdx.x / 32 * kTileBytes;
  }
  __device__ __forceinline__ void leave() {
    __syncwarp();
    if (threadIdx.x % 32 == 0) arrive_at(&barriers_[place_.slot()].empty);
    place_.advance();
  }

 private:
  __device__ __forceinline__ void feed_stage(const ChainRuns& runs) {
    int tiles = 0;
#pragma unroll
    for (const ChainRun& run : runs.run) tiles += run.tiles;
    int run = 0;
    const std::uint8_t* source = runs.run[0].weights;
    int left = runs.run[0].tiles;
    while (tiles > 0) {
      int wanted = min(tiles, StreamPlan::kWarps);
      tiles -= wanted;
      ChunkBarriers& barriers = barriers_[place_.slot()];
      // A barrier that nobody has arrived at yet counts as past the phase before its first.
      wait_for_phase(&barriers.empty, place_.parity() ^ 1U);
      expect_bytes(&barriers.full, wanted * kTileBytes);
      std::uint8_t* to = chunks_ + place_.slot() * kChunkBytes;
      while (wanted > 0) {
        if (left == 0) {
          ++run;
          source = run == 1 ? runs.run[1].weights : runs.run[2].weights;
          left = run == 1 ? runs.run[1].tiles : runs.run[2].tiles;
          continue;
        }
        const int part = min(left, wanted);
        copy_bulk(to, source, part * kTileBytes, &barriers.full);
        to += part * kTileBytes;
        source += part * kTileBytes;
        left -= part;
        wanted -= part;
      }
      place_.advance();
    }
  }

  ChunkBarriers* barriers_;
  std::uint8_t* chunks_;
  ChunkPlace place_;
};

}  // namespace salient::kernels::cuda
