// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/rms_norm.h"

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

void rms_norm(const Cpu& cpu, const float* x, const float* weight, std::int64_t tokens,
              std::int64_t features, float eps, float* out) {
  cpu.pool.run([&](int part) {
    const Share share = share_of(tokens, part, cpu.pool.size());
    for (std::int64_t t = share.begin; t < share.end; ++t) {
      cpu.table.rms_norm(x + t * features, weight, features, eps, out + t * features);
    }
  });
}

void layer_norm(const Cpu& cpu, const float* x, const float* weight, const float* bias,
                std::int64_t tokens, std::int64_t features, float eps, float* out) {
  cpu.pool.run([&](int part) {
    const Share share = share_of(tokens, part, cpu.pool.size());
    for (std::int64_t t = share.begin; t < share.end; ++t) {
      cpu.table.layer_norm(x + t * features, weight, bias, features, eps, out + t * features);
    }
  });
}

}  // namespace salient::kernels::cpu
