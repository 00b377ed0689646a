// SPDX-License-Identifier: Apache-2.0
#pragma once

// AutoAWQ's "gemm" form of one linear: what is on disk between a QuantizedMatrix and the engines
// that load AWQ checkpoints. Both directions stand here, so that writer and reader are one
// description of the layout:
//
//   qweight [in, out/8] int32   word c of input k holds outputs 8c … 8c+7; nibble i (bits 4i…4i+3)
//                               is output 8c + kAwqOrder[i]
//   qzeros  [groups, out/8]     zero points, packed the same way, as they are
//   scales  [groups, out] f16   the steps
//
// Pure functions. `from_awq` treats its tensors as foreign: Error(BadInput) names the linear.

#include <array>
#include <string_view>

#include "engine/tensor/quantized_matrix.h"
#include "engine/tensor/tensor.h"

namespace salient {

inline constexpr std::array<int, 8> kAwqOrder = {0, 2, 4, 6, 1, 3, 5, 7};
/// Outputs in one int32 word: out_features has to be a multiple of it.
inline constexpr std::int64_t kAwqOutputsPerWord = 8;

struct AwqTensors {
  Tensor qweight;  ///< [in_features, out_features / 8] I32
  Tensor qzeros;   ///< [num_groups, out_features / 8] I32
  Tensor scales;   ///< [num_groups, out_features] F16
};

/// 4 bits, out_features a multiple of 8; anything else is a std::logic_error.
AwqTensors to_awq(const QuantizedMatrix& matrix);

/// `scheme` is what config.json says: 4 bits, its group size and symmetry.
QuantizedMatrix from_awq(std::string_view linear, const AwqTensors& tensors,
                         const QuantScheme& scheme);

}  // namespace salient
