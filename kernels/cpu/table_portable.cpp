// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/make_table.h"
#include "kernels/cpu/simd_portable.h"

namespace salient::kernels::cpu {

const KernelTable& portable_table() {
  static constexpr KernelTable kTable = make_table<Portable>(Isa::Portable, packed_rows_portable);
  return kTable;
}

}  // namespace salient::kernels::cpu
