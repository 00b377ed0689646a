// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/isa.h"

#include "kernels/cpu/kernel_table.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace salient::kernels::cpu {
namespace {

#if defined(__x86_64__)
/// Asked by hand: clang before 17 does not know its name in __builtin_cpu_supports.
bool has_half_conversion() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}
#endif

}  // namespace

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
  const bool avx2 =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_half_conversion();
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
