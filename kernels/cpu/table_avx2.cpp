// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/make_table.h"
#include "kernels/cpu/simd_avx2.h"

namespace salient::kernels::cpu {

const KernelTable& avx2_table() {
  static constexpr KernelTable kTable = make_table<Avx2>(Isa::Avx2, packed_rows_avx2);
  return kTable;
}

}  // namespace salient::kernels::cpu
