// SPDX-License-Identifier: Apache-2.0
#pragma once

// Programmatic dependent launch (sm_90 and later), device side: allow the successor to start early,
// request what no earlier launch writes (weights), then wait, then read activations. Older devices
// compile both to nothing and are launched with a full dependency.

namespace salient::kernels::cuda {

__device__ __forceinline__ void let_successor_start() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/// Everything that earlier launches wrote is visible afterwards.
__device__ __forceinline__ void wait_for_predecessor() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

}  // namespace salient::kernels::cuda
