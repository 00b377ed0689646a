// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/quantization.h"

namespace salient {

ErrorPlanes error_planes(Backend& backend, const Tensor& weight,
                         std::span<const float> channel_scales, const Tensor* clip,
                         const QuantScheme& scheme) {
  ErrorPlanes planes{weight, Tensor(DType::F32, weight.shape()),
                     Tensor(DType::F32, weight.shape())};
  backend.rounding_error({weight, {}, nullptr, scheme}, planes.rtn_error);
  backend.rounding_error({weight, channel_scales, clip, scheme}, planes.awq_error);
  return planes;
}

}  // namespace salient
