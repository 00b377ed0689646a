// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the linears need beside kernels/cuda/mma.cuh.

#include <cstdint>

namespace salient::kernels::cuda {

/// Starts a copy of 16 bytes of weights to shared memory, past registers and L1: they are read
/// once. The hint asks memory for whole 128-byte lines. A predicate and no branch: the copy stands
/// in the innermost loop.
__device__ __forceinline__ void copy_weights_async(std::uint32_t shared, const void* global,
                                                   bool wanted) {
  asm volatile(
      "{ .reg .pred p; setp.ne.b32 p, %2, 0; @p cp.async.cg.shared.global.L2::128B [%0], [%1], 16; "
      "}" ::"r"(shared),
      "l"(global), "r"(static_cast<int>(wanted))
      : "memory");
}

/// (word & mask) | bits in one instruction; the compiler makes two of it.
__device__ __forceinline__ std::uint32_t and_or(std::uint32_t word, std::uint32_t mask,
                                                std::uint32_t bits) {
  std::uint32_t result;
  asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(result) : "r"(word), "r"(mask), "r"(bits));
  return result;
}

}  // namespace salient::kernels::cuda
