// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/dot_avx2.h"
#include "kernels/cpu/packed_linear_kernel.h"

namespace salient::kernels::cpu {

void packed_rows_avx2(const PackedProblem& problem, std::int64_t begin, std::int64_t end) {
  packed_rows<DotAvx2>(problem, begin, end);
}

}  // namespace salient::kernels::cpu
