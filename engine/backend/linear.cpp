// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/linear.h"

namespace salient {

std::int64_t out_features(const Linear& linear) {
  if (const auto* dense = std::get_if<DenseLinear>(&linear)) return dense->weight.dim(0);
  return std::get<PackedLinear>(linear).out_features;
}

std::int64_t in_features(const Linear& linear) {
  if (const auto* dense = std::get_if<DenseLinear>(&linear)) return dense->weight.dim(1);
  return std::get<PackedLinear>(linear).in_features;
}

std::int64_t weight_bytes(const Linear& linear) {
  return std::visit(
      [](const auto& kind) {
        using Kind = std::decay_t<decltype(kind)>;
        if constexpr (std::is_same_v<Kind, DenseLinear>) {
          return static_cast<std::int64_t>(kind.weight.bytes() + kind.bias.bytes());
        } else {
          return static_cast<std::int64_t>(kind.packed.bytes() + kind.bias.bytes());
        }
      },
      linear);
}

}  // namespace salient
