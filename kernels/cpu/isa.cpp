// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa.h"

#include "kernels/cpu/kernel_table.h"

namespace salient::kernels::cpu {

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::Portable:
      return "portable";
    case Isa::Avx2:
      return "AVX2";
    case Isa::Avx512:
      return "AVX-512";
  }
  return "";
}

std::vector<Isa> supported_isas() {
  std::vector<Isa> isas = {Isa::Portable};
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("f16c");
  if (avx2) isas.push_back(Isa::Avx2);
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512vnni");
  if (avx2 && avx512) isas.push_back(Isa::Avx512);
#endif
  return isas;
}

const KernelTable& kernel_table(Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::Avx512) return avx512_table();
  if (isa == Isa::Avx2) return avx2_table();
#endif
  static_cast<void>(isa);
  return portable_table();
}

}  // namespace salient::kernels::cpu
