// SPDX-License-Identifier: Apache-2.0
#pragma once

// One linear layer y = x Wᵀ + b as a device runs it: dense numbers, or packed codes in the layout
// of the backend that packed them. The one place where the two are told apart is a visit in the
// backend.

#include <cstdint>
#include <memory>
#include <variant>

#include "engine/tensor/quant_scheme.h"
#include "engine/tensor/tensor.h"

namespace salient {

struct DenseLinear {
  Tensor weight;  ///< [out_features, in_features] F32, F16 or BF16
  Tensor bias;    ///< [out_features] F32, or empty
};

/// Codes, steps and zero points in a backend's own order (`kernels/packed_layout.h`).
struct PackedLinear {
  QuantScheme scheme;
  std::int64_t out_features = 0;
  std::int64_t in_features = 0;
  Tensor packed;  ///< U8, opaque
  Tensor bias;    ///< [out_features] F32, or empty
};

using Linear = std::variant<DenseLinear, PackedLinear>;

std::int64_t out_features(const Linear& linear);
std::int64_t in_features(const Linear& linear);
/// Bytes that one decoded token has to read for this linear: the numerator of the speed of light.
std::int64_t weight_bytes(const Linear& linear);

}  // namespace salient
