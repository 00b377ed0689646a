// SPDX-License-Identifier: Apache-2.0
#pragma once

// A folder of quantized linears shown as the model it stands for: every linear has its ".weight"
// again, with the shape of the dense one, readable as dequantized numbers (`read`) and, where our
// grid can say them, as codes (`read_codes`). The forms it knows are rows (quantized_form.h);
// anything else stays as it is, and reading a weight of it says so.

#include <memory>

#include "engine/checkpoint/checkpoint.h"

namespace salient {

/// `stored` itself unless its config describes one of the known forms. Error(BadInput) when the
/// config and the tensors do not fit together.
std::unique_ptr<Checkpoint> with_quantized_linears(std::unique_ptr<Checkpoint> stored);

}  // namespace salient
