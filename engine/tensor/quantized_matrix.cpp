// SPDX-License-Identifier: Apache-2.0
#include "engine/tensor/quantized_matrix.h"

#include "kernels/half.h"

namespace salient {

std::int64_t QuantizedMatrix::packed_bytes() const {
  const std::int64_t groups = out_features * num_groups();
  const std::int64_t code_bits = out_features * in_features * scheme.bits;
  return (code_bits + 7) / 8 + groups * 2 + (groups * scheme.bits + 7) / 8;
}

Tensor dequantize(const QuantizedMatrix& matrix) {
  Tensor weights(DType::F32, {matrix.out_features, matrix.in_features});
  const auto out = weights.as<float>();
  const std::int64_t group = matrix.scheme.group_of(matrix.in_features);
  const std::int64_t groups = matrix.num_groups();
  for (std::int64_t o = 0; o < matrix.out_features; ++o) {
    for (std::int64_t k = 0; k < matrix.in_features; ++k) {
      const auto g = static_cast<std::size_t>(o * groups + k / group);
      const auto i = static_cast<std::size_t>(o * matrix.in_features + k);
      const int offset = matrix.codes[i] - matrix.zero_points[g];
      out[i] = static_cast<float>(offset) * f16_to_f32(matrix.steps[g]);
    }
  }
  return weights;
}

}  // namespace salient
