// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/chain_kernel.cuh"

namespace salient::kernels::cuda {

void launch_chain_w3(const ChainLaunch& launch, cudaStream_t stream) {
  launch_chain<3>(launch, stream);
}

}  // namespace salient::kernels::cuda
