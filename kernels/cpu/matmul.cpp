// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/matmul.h"

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

void matmul(const Cpu& cpu, const MatmulProblem& problem) {
  cpu.pool.run(
      [&](int part) { cpu.table.matmul(problem, part, cpu.pool.size(), cpu.pool.scratch(part)); });
}

}  // namespace salient::kernels::cpu
