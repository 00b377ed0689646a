// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/magnitude.h"

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

void accumulate_magnitude(const Cpu& cpu, const float* x, std::int64_t tokens, std::int64_t n,
                          double* sum, float* max) {
  cpu.pool.run([&](int part) {
    const Share share = share_of(n, part, cpu.pool.size());
    cpu.table.magnitude(x, tokens, n, share.begin, share.end, sum, max);
  });
}

}  // namespace salient::kernels::cpu
