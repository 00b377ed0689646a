// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>

#include "kernels/cpu/packed_linear.h"

namespace salient::kernels::cpu {

/// The largest integer of one plane, and of three planes: 127 · (65536 + 256 + 1).
inline constexpr float kInt8Top = 127.0F;
inline constexpr float kExactTop = 8355711.0F;

/// One block of at most kLargestBlock activations into its planes.
template <class S>
ActivationBlock quantize_block(const float* x, int count, int parts, std::int8_t* planes,
                               std::int64_t plane) {
  using Vec = typename S::Vec;
  Vec most = S::zero();
  for (int i = 0; i < count; i += S::kLanes) {
    most = S::max(S::abs(S::load(x + i, std::min(S::kLanes, count - i))), most);
  }
  const float largest = S::reduce_max(most);
  const float top = parts == kInt8Parts ? kInt8Top : kExactTop;
  const float inverse = largest > 0 ? top / largest : 0.0F;
  float rounded[kLargestBlock];
  for (int i = 0; i < count; i += S::kLanes) {
    const int n = std::min(S::kLanes, count - i);
    const Vec raw = S::round(S::mul(S::load(x + i, n), S::set(inverse)));
    S::store(rounded + i, S::max(S::min(raw, S::set(top)), S::set(-top)), n);
  }
  int sums[kExactParts] = {};
  for (int i = 0; i < count; ++i) {
    int value = static_cast<int>(rounded[i]);
    for (int part = parts - 1; part >= 0; --part) {
      const auto low = static_cast<std::int8_t>(value);
      planes[part * plane + i] = low;
      sums[part] += low;
      value = (value - low) >> 8;
    }
  }
  return {.scale = largest / top,
          .high = static_cast<float>(sums[0]),
          .low = static_cast<float>(256 * sums[1] + sums[2]),
          .padding = 0};
}

template <class S>
void quantize_activations(const float* x, const ActivationLayout& layout, std::uint8_t* out) {
  auto* planes = reinterpret_cast<std::int8_t*>(out);
  const std::int64_t plane = layout.plane();
  for (int part = 0; part < layout.parts; ++part) {
    std::int8_t* tail = planes + part * plane + layout.in_features;
    std::fill_n(tail, plane - layout.in_features, std::int8_t{0});
  }
  std::uint8_t* blocks = out + plane * layout.parts;
  for (std::int64_t k = 0; k < layout.in_features; k += layout.block) {
    const auto count = static_cast<int>(std::min(layout.block, layout.in_features - k));
    const ActivationBlock block =
        layout.parts == kInt8Parts
            ? quantize_block<S>(x + k, count, kInt8Parts, planes + k, plane)
            : quantize_block<S>(x + k, count, kExactParts, planes + k, plane);
    std::memcpy(blocks, &block, sizeof(block));
    blocks += sizeof(block);
  }
}

}  // namespace salient::kernels::cpu
