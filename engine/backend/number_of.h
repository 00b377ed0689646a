// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "engine/tensor/tensor.h"
#include "kernels/cpu/number.h"

namespace salient {

/// How the kernels call the element type of a dense weight.
inline kernels::cpu::Number number_of(const Tensor& weight) {
  switch (weight.dtype()) {
    case DType::F32:
      return kernels::cpu::Number::F32;
    case DType::F16:
      return kernels::cpu::Number::F16;
    case DType::BF16:
      return kernels::cpu::Number::BF16;
    default:
      throw std::logic_error("linear: weights are " + std::string(name_of(weight.dtype())) +
                             ", expected float32, float16 or bfloat16");
  }
}

}  // namespace salient
