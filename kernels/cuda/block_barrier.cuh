// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace salient::kernels::cuda {

/// A barrier of the first `Threads` threads of a block, of which there may be more.
template <int Threads>
__device__ __forceinline__ void sync_threads() {
  asm volatile("bar.sync 1, %0;" ::"n"(Threads) : "memory");
}

}  // namespace salient::kernels::cuda
