// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/elementwise.h"

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

void silu_mul(const Cpu& cpu, float* gate, const float* up, std::int64_t count) {
  cpu.pool.run([&](int part) {
    const Share share = share_of(count, part, cpu.pool.size());
    cpu.table.silu_mul(gate + share.begin, up + share.begin, share.end - share.begin);
  });
}

void activate(const Cpu& cpu, ActivationFunction function, float* x, const float* factor,
              std::int64_t count) {
  cpu.pool.run([&](int part) {
    const Share share = share_of(count, part, cpu.pool.size());
    const float* own = factor == nullptr ? nullptr : factor + share.begin;
    cpu.table.activate(function, x + share.begin, own, share.end - share.begin);
  });
}

void add(const Cpu& cpu, float* x, const float* y, std::int64_t count) {
  cpu.pool.run([&](int part) {
    const Share share = share_of(count, part, cpu.pool.size());
    cpu.table.add(x + share.begin, y + share.begin, share.end - share.begin);
  });
}

void embedding(const Cpu& cpu, const void* table, Number number, std::int64_t features,
               const std::int32_t* ids, std::int64_t tokens, float* out) {
  const std::int64_t bytes = features * (number == Number::F32 ? 4 : 2);
  for (std::int64_t t = 0; t < tokens; ++t) {
    cpu.table.convert(static_cast<const char*>(table) + ids[t] * bytes, number, features,
                      out + t * features);
  }
}

}  // namespace salient::kernels::cpu
