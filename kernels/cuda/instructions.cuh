// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instructions that C++ has no words for, each wrapped once.

#include <cstdint>

namespace salient::kernels::cuda {

__device__ __forceinline__ std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

/// Copies 16 bytes from global to shared memory without a register and past L1: weights are read
/// once. The L2 prefetch hint asks memory for whole 128-byte lines.
__device__ __forceinline__ void copy_async(std::uint32_t shared, const void* global) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(shared), "l"(global)
               : "memory");
}

/// As above, with zeros instead of what lies behind the first `bytes` bytes.
__device__ __forceinline__ void copy_async(std::uint32_t shared, const void* global, int bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(global),
               "r"(bytes)
               : "memory");
}

/// Copies since the last commit form one group of this thread.
__device__ __forceinline__ void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}

/// Waits until at most `Pending` of this thread's newest groups are still under way.
template <int Pending>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Pending) : "memory");
}

/// sum += A B for A half [16, 16] in rows, B half [16, 8] in columns. Lane 4 g + t holds, of A,
/// rows g and g + 8 in a[0], a[2] and a[1], a[3]; of B, column g; of the sum, rows g and g + 8 in
/// [0], [1] and [2], [3], columns 2 t and 2 t + 1.
__device__ __forceinline__ void multiply_add(float (&sum)[4], const std::uint32_t (&a)[4],
                                             std::uint32_t b0, std::uint32_t b1) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// (word & mask) | bits in one instruction; the compiler makes two of it.
__device__ __forceinline__ std::uint32_t and_or(std::uint32_t word, std::uint32_t mask,
                                                std::uint32_t bits) {
  std::uint32_t result;
  asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(result) : "r"(word), "r"(mask), "r"(bits));
  return result;
}

}  // namespace salient::kernels::cuda
