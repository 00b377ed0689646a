// SPDX-License-Identifier: Apache-2.0
#pragma once

// losses[o] = e_o G e_oᵀ from the lower triangle of G, off-diagonal elements counted twice: rows·n²
// operations. E·G is summed in float32, the outer sum in float64, both in a fixed order.

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

/// error [rows, n]; gram [n, n], only its lower triangle is read; losses [rows].
void quadratic_form(const Cpu& cpu, const float* error, std::int64_t rows, std::int64_t n,
                    const float* gram, double* losses);

}  // namespace salient::kernels::cpu
