// SPDX-License-Identifier: Apache-2.0
#pragma once

// tests/golden/awq_golden.json as tensors.

#include <nlohmann/json.hpp>

#include "engine/quantization/quantization.h"

namespace salient::tests {

const nlohmann::json& awq_golden();
/// integers[row-major] times `unit`, [rows, columns] F32.
Tensor scaled_integers(const nlohmann::json& integers, double unit, std::int64_t rows,
                       std::int64_t columns);
QuantScheme scheme_of(const nlohmann::json& json);

/// The search case: weights and the statistics of its input.
struct GoldenSearch {
  Tensor weight;
  SiteStats input;
};
GoldenSearch golden_search();

}  // namespace salient::tests
