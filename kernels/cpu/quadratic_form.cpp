// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/quadratic_form.h"

#include <algorithm>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/quadratic_form_kernel.h"

namespace salient::kernels::cpu {

void quadratic_form(const Cpu& cpu, const float* error, std::int64_t rows, std::int64_t n,
                    const float* gram, double* losses) {
  const std::int64_t width = cpu.table.panel;
  const std::int64_t panels = (n + width - 1) / width;
  const int parts = cpu.pool.size();
  float* packed =
      cpu.pool.shared_scratch().floats(static_cast<std::size_t>(triangle_offset(n, width, panels)));
  cpu.pool.run([&](int part) {
    // Panels shrink along the triangle, so threads take turns instead of halves.
    for (std::int64_t p = part; p < panels; p += parts) {
      cpu.table.triangle_pack(gram, n, n, p, packed + triangle_offset(n, width, p));
    }
  });
  cpu.pool.run([&](int part) {
    const Share share = share_of(rows, part, parts);
    cpu.table.quadratic_rows(error + share.begin * n, share.end - share.begin, n, packed,
                             losses + share.begin);
  });
}

}  // namespace salient::kernels::cpu
