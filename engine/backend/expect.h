// SPDX-License-Identifier: Apache-2.0
#pragma once

// Shape checks of the backends: a mismatch is a mistake of the caller, not of a file.

#include <stdexcept>
#include <string>

#include "engine/tensor/tensor.h"

namespace salient {

inline void expect_shape(const char* stage, const char* name, const Tensor& tensor,
                         const Shape& shape) {
  if (tensor.shape() == shape) return;
  throw std::logic_error(std::string(stage) + ": " + name + " is " + to_string(tensor.shape()) +
                         ", expected " + to_string(shape));
}

inline void expect_float32(const char* stage, const char* name, const Tensor& tensor,
                           const Shape& shape) {
  expect_shape(stage, name, tensor, shape);
  if (tensor.dtype() == DType::F32) return;
  throw std::logic_error(std::string(stage) + ": " + name + " is " +
                         std::string(name_of(tensor.dtype())) + ", expected float32");
}

}  // namespace salient
