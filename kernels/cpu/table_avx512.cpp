// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/make_table.h"
#include "kernels/cpu/simd_avx512.h"

namespace salient::kernels::cpu {

const KernelTable& avx512_table() {
  static constexpr KernelTable kTable = make_table<Avx512>(Isa::Avx512, packed_rows_avx512);
  return kTable;
}

}  // namespace salient::kernels::cpu
