// SPDX-License-Identifier: Apache-2.0
#pragma once

// The checks that every stored form of a quantized matrix shares. Each throws Error(BadInput) with
// the linear's name, what was found and what is expected.

#include <string_view>

#include "engine/tensor/quantized_matrix.h"
#include "engine/tensor/tensor.h"

namespace salient {

void check_dtype(std::string_view linear, std::string_view part, const Tensor& tensor, DType dtype);
void check_shape(std::string_view linear, std::string_view part, const Tensor& tensor,
                 const Shape& expected);
/// Steps finite and above 0, zero points below 2^bits.
void check_steps(std::string_view linear, const QuantizedMatrix& matrix);

}  // namespace salient
