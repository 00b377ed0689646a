// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/chain_kernel.cuh"

namespace salient::kernels::cuda {

void launch_chain_w8(const ChainLaunch& launch, cudaStream_t stream) {
  launch_chain<8>(launch, stream);
}

}  // namespace salient::kernels::cuda
