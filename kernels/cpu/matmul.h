// SPDX-License-Identifier: Apache-2.0
#pragma once

// y = x Wᵀ + bias on dense weights. Float32 sums over in_features in order, one chain per element:
// the bits of a row depend neither on the other rows nor on the number of threads.

#include <cstdint>

#include "kernels/cpu/number.h"

namespace salient::kernels::cpu {

struct Cpu;

enum class Store { Replace, Add };

struct MatmulProblem {
  const float* x;  ///< [tokens, in_features]
  std::int64_t tokens;
  std::int64_t in_features;
  const void* weight;  ///< [out_features, in_features]
  Number number;
  std::int64_t out_features;
  const float* bias;  ///< [out_features] or nullptr
  float* y;           ///< [tokens, out_features]
  Store store;
};

void matmul(const Cpu& cpu, const MatmulProblem& problem);

}  // namespace salient::kernels::cpu
