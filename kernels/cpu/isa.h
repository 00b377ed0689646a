// SPDX-License-Identifier: Apache-2.0
#pragma once

// The instruction sets that kernels are written for, found once at run time. Every variant that the
// machine can run is testable: an operation takes its table, it does not choose one.

#include <string_view>
#include <vector>

namespace salient::kernels::cpu {

enum class Isa {
  Portable,  ///< plain C++
  Avx2,      ///< AVX2, FMA, F16C
  Avx512,    ///< AVX-512 F, BW, DQ, VL, VNNI
};

/// "portable", "AVX2", "AVX-512".
std::string_view name_of(Isa isa);
/// Everything this machine runs, slowest first; never empty.
std::vector<Isa> supported_isas();

/// The table of one instruction set: see kernel_table.h.
struct KernelTable;
/// The caller asks only for what `supported_isas` lists.
const KernelTable& kernel_table(Isa isa);

}  // namespace salient::kernels::cpu
