// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tensor core and copy instructions of sm_80 that C++ has no name for, each wrapped once.

#include <cstdint>

#include <cuda_fp16.h>

namespace salient::kernels::cuda {

__device__ __forceinline__ std::uint32_t bits_of(__half2 pair) {
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

/// One 16 × 16 operand: lane (row = lane / 4, t = lane % 4) holds rows `row` (0, 2) and `row` + 8
/// (1, 3) at columns 2t, 2t + 1 (0, 1) and 8 + 2t, 9 + 2t (2, 3).
struct Operand {
  std::uint32_t part[4];
};

/// sum [16 × 8] += a [16 × 16] · b [16 × 8]: `first` holds rows 2t, 2t + 1 of column lane / 4 of b,
/// `second` rows 8 + 2t, 9 + 2t. A lane's sums: row lane / 4 at columns 2t, 2t + 1, then row + 8.
__device__ __forceinline__ void multiply_add(float (&sum)[4], const Operand& a, std::uint32_t first,
                                             std::uint32_t second) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
      "{%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(a.part[0]), "r"(a.part[1]), "r"(a.part[2]), "r"(a.part[3]), "r"(first), "r"(second));
}

/// Two halves of two rows become two columns of two: the low halves, or the high ones.
__device__ __forceinline__ std::uint32_t low_halves(std::uint32_t first, std::uint32_t second) {
  return __byte_perm(first, second, 0x5410);
}
__device__ __forceinline__ std::uint32_t high_halves(std::uint32_t first, std::uint32_t second) {
  return __byte_perm(first, second, 0x7632);
}

__device__ __forceinline__ std::uint32_t shared_address(const void* pointer) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(pointer));
}

/// Four 8 × 8 blocks of halves; lanes 8i … 8i + 7 give the rows of block i (16 bytes each).
__device__ __forceinline__ Operand load_blocks(const void* row) {
  Operand o;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(o.part[0]), "=r"(o.part[1]), "=r"(o.part[2]), "=r"(o.part[3])
               : "r"(shared_address(row)));
  return o;
}

/// The same, each block transposed: rows of values become columns.
__device__ __forceinline__ Operand load_blocks_turned(const void* row) {
  Operand o;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(o.part[0]), "=r"(o.part[1]), "=r"(o.part[2]), "=r"(o.part[3])
               : "r"(shared_address(row)));
  return o;
}

/// Starts a copy of 16 bytes to shared memory past the registers; zeros where not `valid`.
__device__ __forceinline__ void copy_async(void* to, const void* from, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)), "l"(from),
               "r"(valid ? 16 : 0)
               : "memory");
}
__device__ __forceinline__ void commit_copies() {
  asm volatile("cp.async.commit_group;" ::: "memory");
}
/// Waits until at most `kPending` groups of copies are under way.
template <int kPending>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace salient::kernels::cuda
