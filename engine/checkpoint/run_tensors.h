// SPDX-License-Identifier: Apache-2.0
#pragma once

// Salient's own form of one quantized linear, for what AWQ "gemm" cannot say (2, 3 and 8 bits,
// ragged groups, mixed settings). It is also what a step file of the journal holds:
//
//   codes       [out, ceil(in·bits/8)] uint8   one little-endian bit stream per row; code k sits at
//                                              bits [k·bits, (k+1)·bits); the rest of a row is 0
//   steps       [out, groups] f16
//   zero_points [out, groups] uint8
//
// in_features and the scheme travel beside it, in config.json or the step file's metadata. Pure
// functions; `from_run` treats its tensors as foreign: Error(BadInput) names the linear.

#include <string_view>

#include "engine/tensor/quantized_matrix.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct RunTensors {
  Tensor codes;        ///< [out_features, ceil(in_features·bits / 8)] U8
  Tensor steps;        ///< [out_features, num_groups] F16
  Tensor zero_points;  ///< [out_features, num_groups] U8
};

RunTensors to_run(const QuantizedMatrix& matrix);
QuantizedMatrix from_run(std::string_view linear, const RunTensors& tensors,
                         const QuantScheme& scheme, std::int64_t in_features);

/// Bytes of one packed row.
constexpr std::int64_t run_row_bytes(std::int64_t in_features, int bits) {
  return (in_features * bits + 7) / 8;
}

}  // namespace salient
