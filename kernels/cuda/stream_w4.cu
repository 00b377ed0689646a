// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/stream_kernel.cuh"

namespace salient::kernels::cuda {

void launch_stream_w4(const StreamLaunch& launch, cudaStream_t stream) {
  launch_stream<4>(launch, stream);
}

}  // namespace salient::kernels::cuda
