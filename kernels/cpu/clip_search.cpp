// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/clip_search.h"

#include <algorithm>

#include "kernels/cpu/kernel_table.h"
#include "kernels/cpu/quadratic_form_kernel.h"

namespace salient::kernels::cpu {

void clip_search(const Cpu& cpu, ClipProblem problem) {
  const std::int64_t width = cpu.table.panel;
  const std::int64_t groups = problem.num_groups();
  const std::int64_t full = (problem.group_size + width - 1) / width;
  const std::int64_t block = triangle_offset(problem.group_size, width, full);
  float* packed = cpu.pool.shared_scratch().floats(static_cast<std::size_t>(groups * block));
  cpu.pool.run([&](int part) {
    for (std::int64_t unit = part; unit < groups * full; unit += cpu.pool.size()) {
      const std::int64_t first = unit / full * problem.group_size;
      const std::int64_t n = std::min(problem.group_size, problem.in_features - first);
      const std::int64_t panel = unit % full;
      if (panel * width >= n) continue;
      cpu.table.triangle_pack(problem.gram + first * (problem.in_features + 1), problem.in_features,
                              n, panel,
                              packed + unit / full * block + triangle_offset(n, width, panel));
    }
  });
  problem.packed = packed;
  cpu.pool.run([&](int part) {
    const Share rows = share_of(problem.out_features, part, cpu.pool.size());
    cpu.table.clip_search(problem, rows.begin, rows.end, cpu.pool.scratch(part));
  });
}

}  // namespace salient::kernels::cpu
