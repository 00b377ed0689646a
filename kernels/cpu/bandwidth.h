// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two speeds of light of this machine, measured now on all threads of the pool.

#include <cstdint>

namespace salient::kernels::cpu {

struct Cpu;

/// Bytes per second of reading a buffer of `bytes` again and again, the median of several passes.
/// A buffer that fits a cache is read from it, as a model of that size would be.
double read_bandwidth(const Cpu& cpu, std::int64_t bytes);
/// Bytes per second, read and written counted, of copying the first half of such a buffer onto the
/// second.
double copy_bandwidth(const Cpu& cpu, std::int64_t bytes);
/// Float32 operations per second of fused multiply-adds on registers.
double multiply_add_peak(const Cpu& cpu);

}  // namespace salient::kernels::cpu
