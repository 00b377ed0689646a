// SPDX-License-Identifier: Apache-2.0
#pragma once

// The result of quantizing one weight matrix: integer codes, steps and zero points, unpacked. It is
// what every export packs and what every backend lays out for its kernels. Plain data.
//
// weight[o][k] = (codes[o][k] - zero_points[o][g]) * steps[o][g],  g = k / scheme.group_of(in)

#include <cstdint>
#include <vector>

#include "engine/tensor/quant_scheme.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct QuantizedMatrix {
  QuantScheme scheme;
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
  std::vector<std::uint8_t> codes;        ///< [out_features, in_features], each below 2^bits
  std::vector<std::uint16_t> steps;       ///< [out_features, num_groups], float16 bits, finite, > 0
  std::vector<std::uint8_t> zero_points;  ///< [out_features, num_groups], each below 2^bits

  std::int64_t num_groups() const { return scheme.num_groups(in_features); }
  /// Bytes of codes, steps and zero points when packed without padding.
  std::int64_t packed_bytes() const;
};

/// [out_features, in_features] float32, exactly the formula above.
Tensor dequantize(const QuantizedMatrix& matrix);

}  // namespace salient
