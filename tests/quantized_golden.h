// SPDX-License-Identifier: Apache-2.0
#pragma once

// The linears of golden/quantized_golden.json: [32, 64], packed by numpy in every form that others
// store, and the tiny model with one of them in the place of q_proj of block 0.

#include <string>
#include <vector>

#include "tests/tiny_checkpoint.h"

namespace salient::tests {

inline const std::string kGoldenLinear = "model.layers.0.self_attn.q_proj";

struct GoldenLinear {
  std::string name;
  nlohmann::ordered_json config;    ///< quantization_config
  std::vector<TinyTensor> tensors;  ///< named with the linear
  bool codes = false;               ///< our own grid can hold it
  float second = 0.0F;              ///< weight [0, 1]
  std::string sha256;               ///< of the float32 weights
};

std::vector<GoldenLinear> quantized_golden();
GoldenLinear quantized_golden(std::string_view name);

TinyCheckpoint with_linear(const GoldenLinear& linear);

}  // namespace salient::tests
