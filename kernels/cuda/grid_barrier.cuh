// SPDX-License-Identifier: Apache-2.0
#pragma once

// A barrier of all blocks of a cooperative launch, in two halves: what a block does between
// arriving and waiting costs nothing.

#include <cuda_runtime.h>

#include "kernels/cuda/block_barrier.cuh"

namespace salient::kernels::cuda {

/// Of the first `Threads` threads of every block.
template <int Threads>
class GridBarrier {
 public:
  /// `counters` [2] are zero between launches.
  __device__ explicit GridBarrier(unsigned* counters) : counters_(counters) {}

  /// All threads of the block; what they wrote is seen behind the `wait` of every block.
  __device__ __forceinline__ void arrive() {
    sync_threads<Threads>();
    wanted_ += gridDim.x;
    if (threadIdx.x != 0) return;
    asm volatile("red.release.gpu.global.add.u32 [%0], 1;" ::"l"(counters_) : "memory");
  }
  __device__ __forceinline__ void wait() const {
    if (threadIdx.x == 0) {
      while (seen() < wanted_) {
      }
    }
    sync_threads<Threads>();
  }
  /// After the last wait: the last block leaves zeros for the next launch.
  __device__ __forceinline__ void leave() const {
    if (threadIdx.x != 0) return;
    if (atomicAdd(counters_ + 1, 1U) + 1 != gridDim.x) return;
    counters_[0] = 0;
    counters_[1] = 0;
  }

 private:
  __device__ __forceinline__ unsigned seen() const {
    unsigned count;
    asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(count) : "l"(counters_) : "memory");
    return count;
  }

  unsigned* counters_;
  unsigned wanted_ = 0;
};

}  // namespace salient::kernels::cuda
