// SPDX-License-Identifier: Apache-2.0
#include "engine/quantization/quantization.h"

namespace salient {

ErrorPlanes error_planes(Backend& backend, const Tensor& weight,
                         std::span<const float> channel_scales, const Tensor* clip,
                         const QuantScheme& scheme) {
  Tensor rtn_error = backend.allocate(DType::F32, weight.shape());
  Tensor awq_error = backend.allocate(DType::F32, weight.shape());
  backend.rounding_error({weight, {}, nullptr, scheme}, rtn_error);
  backend.rounding_error({weight, channel_scales, clip, scheme}, awq_error);
  return {backend.download(weight), backend.download(rtn_error), backend.download(awq_error)};
}

}  // namespace salient
