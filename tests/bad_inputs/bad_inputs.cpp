// SPDX-License-Identifier: Apache-2.0
#include "tests/bad_inputs/bad_input.h"

namespace salient::tests {

std::vector<BadInput> bad_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {safetensors_inputs(), hostile_file_inputs(), index_inputs(), gguf_inputs(),
                    gguf_tensor_inputs(), pytorch_inputs(), quantized_inputs(), config_inputs(),
                    number_inputs()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
