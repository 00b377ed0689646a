// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

/// out = x / sqrt(mean(x²) + eps) · weight. x and out [tokens, features], weight [features].
void rms_norm(const Cpu& cpu, const float* x, const float* weight, std::int64_t tokens,
              std::int64_t features, float eps, float* out);

/// out = (x - mean) / sqrt(variance + eps) · weight + bias; as above, bias [features] or null.
void layer_norm(const Cpu& cpu, const float* x, const float* weight, const float* bias,
                std::int64_t tokens, std::int64_t features, float eps, float* out);

}  // namespace salient::kernels::cpu
